// Who comes back. Of the learners who first came in a week (Monday to Sunday, UTC), how many came again so many weeks later. The period selects the weeks of first use.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/retention.js
//
// Narrowed by: since, until (ISO 8601), facility, classroom, content. Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/retention.json, the same that `learntrack report retention` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('retention');
