// Activity by day. Learners, sessions and time on each day (UTC). Anonymous sessions count as sessions, not as learners.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/daily_activity.js
//
// Narrowed by: since, until (ISO 8601), facility, classroom, content. Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/daily_activity.json, the same that `learntrack report daily-activity` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('daily_activity');
