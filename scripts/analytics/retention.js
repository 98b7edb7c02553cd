// Who comes back. Of the learners who first came in a week (Monday to Sunday, in the report's time zone), how many came again so many weeks later. The period selects by the first session ever.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/retention.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/retention.json, the same that `learntrack report retention` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('retention');
