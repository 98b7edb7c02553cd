// Runs a question of src/learntrack/reports/questions in mongosh and prints its rows, a JSON object a line.
// Parameters are global variables: see parameters.js. `database` is "learntrack" unless it is said.

var path = require('path');
load(path.join(__dirname, 'parameters.js'));
var questions = path.join(__dirname, '..', '..', '..', 'src', 'learntrack', 'reports', 'questions');

function read(...names) {
  return JSON.parse(require('fs').readFileSync(path.join(questions, ...names) + '.json', 'utf8'));
}

function isOnly(value, key) {
  return value !== null && typeof value === 'object' && Object.keys(value).join() === key;
}

// The stages with those of shared parts, and what is asked for, filled in.
function filled(value, params) {
  if (Array.isArray(value)) {
    var entries = value.flatMap((each) => (isOnly(each, '$part') ? read('parts', each.$part).stages : [each]));
    return entries.map((each) => filled(each, params));
  }
  if (value === null || typeof value !== 'object') return value;
  if (isOnly(value, '$param')) return params[value.$param];
  var found = {};
  for (var key of Object.keys(value)) {
    var inner = filled(value[key], params);
    if (inner !== undefined) found[key] = inner;
  }
  return found;
}

function run(name) {
  var question = read(name);
  ['attempts', 'details'].forEach((option) => {
    if (given(option) && !(question.options || []).includes(option)) refuse(option + ': This report does not know it.');
  });
  var target = db.getSiblingDB(given('database') || 'learntrack');
  var stages = filled([...question.pipeline, ...(question.then || [])], parameters(target));
  target
    .getCollection(question.collection)
    .aggregate(stages, { allowDiskUse: true })
    .forEach((row) => print(EJSON.stringify(row)));
}
