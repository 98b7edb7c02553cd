-- The files of `learntrack export parquet` as views, of one facility. Set before:
--   SET VARIABLE files = 'DIR/v1'; SET VARIABLE facility = 'ID';
-- and for a period, both days in it, and either alone:
--   SET VARIABLE since = '2026-03-02'; SET VARIABLE until = '2026-03-08';
CREATE VIEW facility AS SELECT * FROM read_parquet(getvariable('files') || '/facilities/all.parquet') WHERE facility_id = getvariable('facility');
CREATE VIEW users AS SELECT * FROM read_parquet(getvariable('files') || '/users/all.parquet') WHERE facility_id = getvariable('facility');
CREATE VIEW lessons AS SELECT * FROM read_parquet(getvariable('files') || '/lessons/all.parquet');
CREATE VIEW quizzes AS SELECT * FROM read_parquet(getvariable('files') || '/quizzes/all.parquet');
CREATE VIEW former_entries AS SELECT * FROM read_parquet(getvariable('files') || '/former_entries/all.parquet');
CREATE VIEW contents AS SELECT * FROM read_parquet(getvariable('files') || '/contents/all.parquet');
CREATE VIEW sessions AS SELECT * FROM read_parquet(getvariable('files') || '/sessions/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE VIEW summaries AS SELECT * FROM read_parquet(getvariable('files') || '/summaries/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE VIEW tries AS SELECT * FROM read_parquet(getvariable('files') || '/tries/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE VIEW attempts AS SELECT * FROM read_parquet(getvariable('files') || '/attempts/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE VIEW interactions AS SELECT * FROM read_parquet(getvariable('files') || '/interactions/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE MACRO day_of(moment) AS CAST(moment AT TIME ZONE coalesce((SELECT timezone FROM facility), 'UTC') AS DATE);
CREATE MACRO in_period(moment) AS (getvariable('since') IS NULL OR day_of(moment) >= CAST(getvariable('since') AS DATE))
  AND (getvariable('until') IS NULL OR day_of(moment) <= CAST(getvariable('until') AS DATE));
-- Who has ever completed what (docs/reports.md).
CREATE VIEW completed AS SELECT user_id, content_id FROM summaries WHERE progress >= 1 OR completion_timestamp IS NOT NULL OR finished_tries > 0;
-- The latest answer to each question of a try.
CREATE VIEW answers AS SELECT mastery_log_id, item, arg_max(correct, (end_timestamp, number)) AS correct FROM attempts WHERE mastery_log_id IS NOT NULL GROUP BY ALL;
-- How many questions there are, where the roster says: of quizzes, else of contents, else of what is removed.
CREATE VIEW question_counts AS SELECT content_id, arg_max(question_count, rank) AS question_count FROM (
  SELECT entry_id AS content_id, question_count, 1 AS rank FROM former_entries UNION ALL SELECT content_id, question_count, 2 FROM contents UNION ALL SELECT quiz_id, question_count, 3 FROM quizzes)
  WHERE question_count IS NOT NULL GROUP BY content_id;
CREATE VIEW answers_of_tries AS SELECT mastery_log_id, count(*) AS many, sum(correct) AS correct FROM answers GROUP BY mastery_log_id;
-- How each try stands: of answers that have faded, what the try still counts.
CREATE VIEW scores AS SELECT t.*, coalesce(a.many, 0) + coalesce(faded_answered, 0) AS answered, coalesce(a.correct, 0) + coalesce(faded_correct, 0) AS right_ones, greatest(coalesce(question_count, 0), answered) AS questions
  FROM tries t LEFT JOIN answers_of_tries a USING (mastery_log_id) LEFT JOIN question_counts USING (content_id);
