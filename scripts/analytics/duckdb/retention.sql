WITH weeks AS (SELECT DISTINCT user_id, date_trunc('week', day_of(start_timestamp)) AS week FROM sessions WHERE user_id IS NOT NULL),
  firsts AS (SELECT user_id, min(start_timestamp) AS first FROM sessions GROUP BY user_id),
  cohorts AS (SELECT user_id, min(week) AS cohort FROM weeks JOIN firsts USING (user_id) WHERE in_period(first) GROUP BY user_id),
  came AS (SELECT cohort, week, count(*) AS learners FROM weeks JOIN cohorts USING (user_id) GROUP BY ALL)
SELECT CAST(cohort AS DATE) AS cohort, date_diff('day', cohort, week) // 7 AS weeks_later, learners, learners / max(learners) OVER (PARTITION BY cohort) AS share
FROM came ORDER BY cohort, weeks_later;
