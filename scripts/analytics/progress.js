// Learner by content. How far every learner is in every content that they have used: mastered (an exercise that was ever completed), finished (another content that was, or a quiz that was handed in), needs help (as Kolibri decides it: 4 answers or more of the latest try wrong, hints and errors among them) or started. Of what was last used in the period.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/progress.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/progress.json, the same that `learntrack report progress` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('progress');
