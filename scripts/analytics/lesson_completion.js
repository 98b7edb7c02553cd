// Lessons. Learner by content, for every lesson that somebody has worked in: the learners to whom it is assigned, and the contents that were used in it. Of sessions begun in the period; progress is that of the summary log.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/lesson_completion.js
//
// Narrowed by: since, until (ISO 8601), facility, classroom, content. Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/lesson_completion.json, the same that `learntrack report lesson-completion` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('lesson_completion');
