// Who struggles. A learner struggles with an exercise after 10 attempts or more, fewer than half of them right, and no finished try. Of tries begun in the period.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/struggling_learners.js
//
// Narrowed by: since, until (ISO 8601), facility, classroom, content. Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/struggling_learners.json, the same that `learntrack report struggling-learners` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('struggling_learners');
