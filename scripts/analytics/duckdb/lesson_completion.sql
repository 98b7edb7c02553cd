WITH worked AS (SELECT lesson_id, content_id, user_id, count(*) AS sessions, sum(time_spent) AS time_spent FROM sessions WHERE lesson_id IS NOT NULL AND user_id IS NOT NULL AND in_period(start_timestamp) GROUP BY ALL),
  assigned AS (SELECT lesson_id, user_id, content_ids FROM lessons, users WHERE list_has_any(collection_ids, learns_in)),
  expected AS (
    SELECT lesson_id, user_id, unnest(content_ids) AS content_id FROM assigned
    UNION SELECT lesson_id, a.user_id, w.content_id FROM assigned a JOIN worked w USING (lesson_id) WHERE len(coalesce(content_ids, [])) = 0
    UNION SELECT lesson_id, user_id, content_id FROM worked)
SELECT lesson_id, user_id, content_id, CASE WHEN c.user_id IS NOT NULL THEN 'done' WHEN s.user_id IS NOT NULL THEN 'started' ELSE 'not started' END AS status,
  coalesce(s.progress, 0.0) AS progress, coalesce(sessions, 0) AS sessions, coalesce(w.time_spent, 0) AS time_spent
FROM expected LEFT JOIN worked w USING (lesson_id, user_id, content_id) LEFT JOIN summaries s USING (user_id, content_id) LEFT JOIN completed c USING (user_id, content_id)
ORDER BY lesson_id, user_id, content_id;
