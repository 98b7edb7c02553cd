// Learning gain. Learner by unit of a course: the test before the unit against the one after it. Of finished tests, visited in the period; of several tries at one the newest counts.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/learning_gain.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/learning_gain.json, the same that `learntrack report learning-gain` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('learning_gain');
