SELECT content_id, user_id, count(*) AS sessions, sum(time_spent) AS time_spent, min(start_timestamp) AS first_activity, max(end_timestamp) AS last_activity
FROM sessions WHERE user_id IS NOT NULL AND in_period(start_timestamp) GROUP BY ALL ORDER BY content_id, user_id;
