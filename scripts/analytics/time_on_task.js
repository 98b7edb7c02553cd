// Time on task. Time of each learner in each content, over the sessions begun in the period.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/time_on_task.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/time_on_task.json, the same that `learntrack report time-on-task` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('time_on_task');
