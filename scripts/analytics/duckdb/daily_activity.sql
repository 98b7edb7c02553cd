SELECT day_of(start_timestamp) AS day, count(DISTINCT user_id) AS learners, count(*) AS sessions, sum(time_spent) AS time_spent
FROM sessions WHERE in_period(start_timestamp) GROUP BY day ORDER BY day;
