// From try to try. What changed between each try and the one before at the same content, as the diff of the API says it. Of tries that end in the period.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/improvement.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/improvement.json, the same that `learntrack report improvement` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('improvement');
