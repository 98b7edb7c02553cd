// Items. Per question: how hard it is, how well it tells strong tries from weak ones, how often it took a hint or met an error, and its commonest wrong answers. Of attempts begun in the period. Without a period, a class or a content it is answered from rollups, of learners on the roster, as of the last `learntrack rollup`.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/item_analysis.js
//
// Narrowed by: since, until (ISO 8601), facility, classroom, content. Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/item_analysis.json, the same that `learntrack report item-analysis` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('item_analysis');
