// How much is finished. Per learner: finished tries, contents done that have no tries, and how many contents are completed, each once. What is completed stays so, also when it is started again, where GET totalcontentprogress counts a content without tries no more. Learners who have finished nothing are not listed. Of what was completed in the period.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/totals.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/totals.json, the same that `learntrack report totals` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('totals');
