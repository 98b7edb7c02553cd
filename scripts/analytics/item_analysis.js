// Items. Per question: how hard it is, how well it tells strong learners from weak ones, how often it took a hint or met an error, and its commonest wrong answers. Of attempts begun in the period. `attempts` says what counts: each learner's first answer, the latest, or all; without it the first to questions of quizzes and all to those of exercises. Without a period, a class, a content or details it is answered from rollups, of learners on the roster; `as_of` says of when they are.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/item_analysis.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true), attempts (first, latest, all), details (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/item_analysis.json, the same that `learntrack report item-analysis` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('item_analysis');
