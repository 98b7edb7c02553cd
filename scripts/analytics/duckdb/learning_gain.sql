WITH visited AS (SELECT DISTINCT mastery_log_id, course_session_id, unit_id FROM sessions WHERE unit_id IS NOT NULL AND in_period(start_timestamp)),
  tests AS (SELECT s.user_id, course_session_id, unit_id, test_type, right_ones / nullif(questions, 0) AS score, completion_timestamp AS moment FROM scores s JOIN visited USING (mastery_log_id)
    WHERE complete QUALIFY row_number() OVER (PARTITION BY s.user_id, course_session_id, unit_id, test_type ORDER BY end_timestamp DESC, mastery_log_id) = 1)
SELECT user_id, course_session_id, unit_id, max(score) FILTER (test_type = 'pre') AS pre_score, max(score) FILTER (test_type = 'post') AS post_score, post_score - pre_score AS gain,
  max(moment) FILTER (test_type = 'pre') AS pre_timestamp, max(moment) FILTER (test_type = 'post') AS post_timestamp
FROM tests GROUP BY ALL ORDER BY user_id, course_session_id, unit_id;
