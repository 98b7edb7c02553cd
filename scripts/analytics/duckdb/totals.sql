WITH finished AS (SELECT user_id, count(*) AS many FROM tries WHERE complete AND in_period(completion_timestamp) GROUP BY user_id),
  firsts AS (SELECT user_id, content_id, min(completion_timestamp) AS first_done FROM tries GROUP BY ALL),
  done AS (SELECT user_id, count(*) FILTER (NOT has_tries) AS without_tries, count(*) AS many FROM summaries SEMI JOIN completed USING (user_id, content_id) LEFT JOIN firsts USING (user_id, content_id)
    WHERE in_period(least(first_done, coalesce(first_completed_at, completion_timestamp))) GROUP BY user_id)
SELECT user_id, coalesce(finished.many, 0) AS finished_tries, coalesce(without_tries, 0) AS contents_done,
  coalesce(finished.many, 0) + coalesce(without_tries, 0) AS progress, coalesce(done.many, 0) AS contents_completed
FROM finished FULL JOIN done USING (user_id) ORDER BY user_id;
