SELECT day_of(start_timestamp) AS day, count(DISTINCT user_id) AS learners, count(*) AS sessions, sum(time_spent) AS time_spent
FROM sessions GROUP BY day ORDER BY day;
