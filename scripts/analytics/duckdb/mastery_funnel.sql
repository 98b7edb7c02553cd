WITH begun AS (SELECT * FROM tries WHERE mastery_level > 0 AND in_period(start_timestamp)),
  firsts AS (SELECT user_id, content_id, min(completion_timestamp) FILTER (complete) AS done FROM begun GROUP BY ALL),
  learners AS (SELECT t.content_id, t.user_id, count(*) AS tries, sum(attempt_count) AS attempts, any_value(done) AS done, coalesce(sum(time_spent) FILTER (start_timestamp <= done), 0) / 60 AS minutes
    FROM begun t JOIN firsts USING (user_id, content_id) GROUP BY t.content_id, t.user_id)
SELECT content_id, count(*) AS started, count(*) FILTER (attempts > 0) AS attempted, count(c.user_id) AS mastered, median(tries) AS median_tries, median(minutes) FILTER (done IS NOT NULL) AS median_minutes
FROM learners LEFT JOIN completed c USING (user_id, content_id) GROUP BY content_id ORDER BY content_id;
