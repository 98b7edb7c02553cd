-- The files of `learntrack export parquet` as views, of one facility. Set before:
--   SET VARIABLE files = 'DIR/v1'; SET VARIABLE facility = 'ID';
CREATE VIEW facility AS SELECT * FROM read_parquet(getvariable('files') || '/facilities/all.parquet') WHERE facility_id = getvariable('facility');
CREATE VIEW users AS SELECT * FROM read_parquet(getvariable('files') || '/users/all.parquet') WHERE facility_id = getvariable('facility');
CREATE VIEW lessons AS SELECT * FROM read_parquet(getvariable('files') || '/lessons/all.parquet');
CREATE VIEW quizzes AS SELECT * FROM read_parquet(getvariable('files') || '/quizzes/all.parquet');
CREATE VIEW contents AS SELECT * FROM read_parquet(getvariable('files') || '/contents/all.parquet');
CREATE VIEW sessions AS SELECT * FROM read_parquet(getvariable('files') || '/sessions/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE VIEW summaries AS SELECT * FROM read_parquet(getvariable('files') || '/summaries/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE VIEW tries AS SELECT * FROM read_parquet(getvariable('files') || '/tries/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE VIEW attempts AS SELECT * FROM read_parquet(getvariable('files') || '/attempts/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE VIEW interactions AS SELECT * FROM read_parquet(getvariable('files') || '/interactions/*/*/*.parquet', hive_partitioning = true, union_by_name = true) WHERE facility = getvariable('facility');
CREATE MACRO day_of(moment) AS CAST(moment AT TIME ZONE coalesce((SELECT timezone FROM facility), 'UTC') AS DATE);
-- Who has ever completed what (docs/reports.md).
CREATE VIEW completed AS SELECT user_id, content_id FROM summaries WHERE progress >= 1 OR completion_timestamp IS NOT NULL OR finished_tries > 0;
-- The latest answer to each question of a try.
CREATE VIEW answers AS SELECT mastery_log_id, item, arg_max(correct, (end_timestamp, number)) AS correct FROM attempts WHERE mastery_log_id IS NOT NULL GROUP BY ALL;
CREATE VIEW question_counts AS SELECT content_id, question_count FROM contents WHERE content_id NOT IN (SELECT quiz_id FROM quizzes WHERE question_count IS NOT NULL) UNION ALL SELECT quiz_id, question_count FROM quizzes WHERE question_count IS NOT NULL;
CREATE VIEW scores AS SELECT t.*, count(a.item) AS answered, coalesce(sum(a.correct), 0) AS right_ones, greatest(coalesce(any_value(q.question_count), 0), count(a.item)) AS questions, any_value(q.question_count) AS known FROM tries t LEFT JOIN answers a USING (mastery_log_id) LEFT JOIN question_counts q USING (content_id) GROUP BY ALL;
