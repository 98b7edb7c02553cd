// Lessons. Learner by content of a lesson: each learner to whom the lesson is assigned, with each of its contents (of a lesson whose contents the roster does not name: with those that somebody used in it), and who has used a content in it. Sessions are those begun in the period; what is done is done, wherever and whenever.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/lesson_completion.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/lesson_completion.json, the same that `learntrack report lesson-completion` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('lesson_completion');
