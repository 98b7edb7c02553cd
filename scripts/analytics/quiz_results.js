// Quizzes. Learner by coach-assigned quiz: those to whom it is assigned, and those who have taken it in the period. Of several tries the finished one counts, then the newest.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/quiz_results.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/quiz_results.json, the same that `learntrack report quiz-results` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('quiz_results');
