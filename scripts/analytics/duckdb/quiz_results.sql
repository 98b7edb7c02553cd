WITH taken AS (SELECT * FROM scores WHERE coach_assigned QUALIFY row_number() OVER (PARTITION BY content_id, user_id ORDER BY complete DESC, end_timestamp DESC, mastery_log_id) = 1),
  asked AS (SELECT quiz_id AS content_id, user_id FROM quizzes, users WHERE list_has_any(collection_ids, learns_in) UNION SELECT content_id, user_id FROM scores WHERE coach_assigned AND in_period(start_timestamp))
SELECT content_id AS quiz_id, user_id,
  CASE WHEN complete THEN 'finished' WHEN complete IS NULL THEN 'not started' ELSE 'started' END AS status,
  coalesce(answered, 0) AS answered, CASE WHEN q.question_count IS NOT NULL THEN greatest(q.question_count, coalesce(answered, 0)) END AS question_count, coalesce(right_ones, 0) AS correct,
  CASE WHEN complete THEN right_ones / nullif(questions, 0) ELSE right_ones / nullif(answered, 0) END AS score,
  CASE WHEN score IS NULL THEN NULL WHEN complete AND q.question_count IS NOT NULL THEN 'all' ELSE 'answered' END AS score_of,
  coalesce(time_spent, 0) AS time_spent, completion_timestamp
FROM asked LEFT JOIN taken USING (content_id, user_id) LEFT JOIN question_counts q USING (content_id) ORDER BY quiz_id, user_id;
