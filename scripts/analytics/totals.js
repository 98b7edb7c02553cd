// How much is finished. Per learner, as GET totalcontentprogress counts it: finished tries, and contents done that have no tries. Learners who have finished nothing are not listed. Of what was completed in the period.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/totals.js
//
// Narrowed by: since, until (ISO 8601), facility, classroom, content. Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/totals.json, the same that `learntrack report totals` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('totals');
