-- The first answers to questions of quizzes, and all to those of exercises; for others change `counted`.
WITH observations AS (SELECT a.*, mastery_level < 0 AS quiz, CASE WHEN mastery_level < 0 THEN a.user_id ELSE mastery_log_id END AS unit FROM attempts a JOIN tries t USING (mastery_log_id) WHERE in_period(a.start_timestamp)),
  counted AS (SELECT * FROM observations QUALIFY NOT quiz OR row_number() OVER (PARTITION BY content_id, quiz, unit, item ORDER BY start_timestamp, number) = 1),
  compared AS (SELECT *, (sum(correct) OVER whole - sum(correct) OVER own) / nullif(count(*) OVER whole - count(*) OVER own, 0) AS rest FROM counted
    WINDOW whole AS (PARTITION BY content_id, quiz, unit), own AS (PARTITION BY content_id, quiz, unit, item)),
  numbers AS (SELECT content_id, item, count(*) AS n, avg(correct) AS p, avg(CAST(hinted AS INTEGER)) AS hint_rate, avg(CAST(error AS INTEGER)) AS error_rate,
      CASE WHEN var_pop(correct) FILTER (rest IS NOT NULL) > 1e-9 AND var_pop(rest) > 1e-9 THEN corr(correct, rest) END AS discrimination
    FROM compared GROUP BY ALL),
  given AS (SELECT content_id, item, left(simple_answer, 500) AS answer, count(*) AS attempts FROM counted WHERE correct < 1 AND simple_answer <> '' GROUP BY ALL),
  wrong AS (SELECT * FROM given QUALIFY row_number() OVER (PARTITION BY content_id, item ORDER BY attempts DESC, answer) <= 3),
  listed AS (SELECT content_id, item, list({'answer': answer, 'attempts': attempts} ORDER BY attempts DESC, answer) AS wrong_answers FROM wrong GROUP BY ALL),
  z AS (SELECT 1.959963984540054 AS z)
SELECT content_id, item, n AS attempts, p AS difficulty,
  greatest(0, (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)) AS difficulty_low,
  least(1, (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)) AS difficulty_high,
  discrimination, hint_rate, error_rate, coalesce(wrong_answers, []) AS wrong_answers
FROM numbers LEFT JOIN listed USING (content_id, item), z ORDER BY content_id, item;
