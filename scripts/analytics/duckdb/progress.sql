WITH numbers AS (SELECT user_id, content_id, count(*) AS tries, CAST(sum(attempt_count) AS BIGINT) AS attempts, sum(correct_sum) AS correct, max(mastery_level) AS level, sum(attempt_count) FILTER (mastery_level > 0) >= 10 AND sum(correct_sum) FILTER (mastery_level > 0) / sum(attempt_count) FILTER (mastery_level > 0) < 0.5 AS hard, min(completion_timestamp) AS first_done FROM tries GROUP BY ALL),
  latest AS (SELECT user_id, content_id, not_right FROM tries WHERE NOT complete AND mastery_level > 0 AND attempt_count > 0 QUALIFY row_number() OVER (PARTITION BY user_id, content_id ORDER BY end_timestamp DESC, mastery_level DESC) = 1),
  helpless AS (SELECT user_id, content_id FROM latest WHERE not_right >= 4),
  handed_in AS (SELECT user_id, content_id, right_ones / nullif(questions, 0) AS score FROM scores WHERE complete AND mastery_level < 0 QUALIFY row_number() OVER (PARTITION BY user_id, content_id ORDER BY end_timestamp DESC, mastery_log_id) = 1)
SELECT s.user_id, s.content_id, kind,
  CASE WHEN c.user_id IS NOT NULL THEN CASE WHEN level > 0 OR (level IS NULL AND kind = 'exercise') THEN 'mastered' ELSE 'finished' END WHEN h.user_id IS NOT NULL THEN 'needs help' ELSE 'started' END AS status,
  c.user_id IS NULL AND h.user_id IS NOT NULL AS needs_help,
  c.user_id IS NULL AND coalesce(hard, false) AS struggling,
  progress, score, time_spent, coalesce(tries, 0) AS tries, coalesce(attempts, 0) AS attempts, correct / nullif(attempts, 0) AS correct_share, end_timestamp AS last_activity, least(first_done, coalesce(first_completed_at, completion_timestamp)) AS completed_at
FROM summaries s LEFT JOIN numbers USING (user_id, content_id) LEFT JOIN completed c USING (user_id, content_id) LEFT JOIN helpless h USING (user_id, content_id) LEFT JOIN handed_in USING (user_id, content_id)
WHERE in_period(s.end_timestamp) ORDER BY s.user_id, s.content_id;
