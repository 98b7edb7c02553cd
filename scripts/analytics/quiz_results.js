// Quizzes. Learner by coach-assigned quiz: those to whom it is assigned, and those who have taken it in the period.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/quiz_results.js
//
// Narrowed by: since, until (ISO 8601), facility, classroom, content. Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/quiz_results.json, the same that `learntrack report quiz-results` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('quiz_results');
