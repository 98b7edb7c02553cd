// Learner by content. How far every learner is in every content that they have used: mastered (done, or a try finished), struggling (10 attempts or more at an exercise, fewer than half of them right, no finished try) or started. Of what was last used in the period.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/progress.js
//
// Narrowed by: since, until (ISO 8601), facility, classroom, content. Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/progress.json, the same that `learntrack report progress` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('progress');
