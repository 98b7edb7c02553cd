// Activity by day. Learners, sessions and time on each day of the report's time zone, by when sessions began. Anonymous sessions count as sessions, not as learners.
//
//   mongosh "$URI" --eval 'var since="2026-01-01"' scripts/analytics/daily_activity.js
//
// docs/data-model.md says what $URI is. Narrowed by: since, until (ISO 8601; a date alone is its whole day), facility, classroom, content (ids),
// timezone (of days; an IANA name), former (true). Prints a JSON object a line. The pipeline is
// src/learntrack/reports/questions/daily_activity.json, the same that `learntrack report daily-activity` runs.
load(require('path').join(__dirname, 'lib', 'run.js'));
run('daily_activity');
