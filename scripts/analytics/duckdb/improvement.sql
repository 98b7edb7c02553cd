SELECT user_id, content_id, mastery_log_id, end_timestamp, correct_sum AS correct, correct_sum - lag(correct_sum) OVER before AS correct_diff, time_spent, time_spent - lag(time_spent) OVER before AS time_spent_diff
FROM tries WINDOW before AS (PARTITION BY user_id, content_id ORDER BY end_timestamp, mastery_log_id DESC)
QUALIFY correct_diff IS NOT NULL AND in_period(end_timestamp) ORDER BY user_id, content_id, end_timestamp, mastery_log_id DESC;
