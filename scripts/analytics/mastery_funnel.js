// From start to mastery. Per exercise: how many learners started, attempted and mastered it, and the medians of their tries and of the minutes until mastery. Of the learners, and of the tries, that were begun in the period; mastered is mastered, whenever.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/mastery_funnel.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/mastery_funnel.json, the same that `learntrack report mastery-funnel` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('mastery_funnel');
