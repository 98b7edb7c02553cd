SELECT user_id, content_id, count(*) AS tries, CAST(sum(attempt_count) AS BIGINT) AS attempts, sum(correct_sum) / sum(attempt_count) AS correct_share, sum(time_spent) AS time_spent, max(end_timestamp) AS last_activity
FROM tries ANTI JOIN completed USING (user_id, content_id) WHERE mastery_level > 0 AND in_period(start_timestamp) GROUP BY user_id, content_id
HAVING sum(attempt_count) >= 10 AND sum(correct_sum) / sum(attempt_count) < 0.5 ORDER BY attempts DESC, user_id, content_id;
