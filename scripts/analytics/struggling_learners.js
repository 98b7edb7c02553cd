// Who struggles. A learner struggles with an exercise that was never completed after 10 attempts or more, fewer than half of them right. Of tries begun in the period. This is our own longer view; `needs_help` of the report progress is Kolibri's.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/struggling_learners.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/struggling_learners.json, the same that `learntrack report struggling-learners` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('struggling_learners');
