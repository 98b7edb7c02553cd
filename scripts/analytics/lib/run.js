// Runs a question of src/learntrack/reports/questions in mongosh and prints its rows, a JSON object a line.
// Parameters are global variables: since, until, facility, classroom, content, database ("learntrack").

var questions = require('path').join(__dirname, '..', '..', '..', 'src', 'learntrack', 'reports', 'questions');

function given(name) {
  var value = globalThis[name];
  return value === undefined || value === null || value === '' ? undefined : value;
}

// What `{"$param": name}` stands for; undefined where nothing is asked, and then the condition goes.
function parameters(target) {
  var found = { content: given('content'), facility: given('facility') };
  var period = {};
  if (given('since')) period.$gte = new Date(since);
  if (given('until')) period.$lt = new Date(until);
  if (Object.keys(period).length) found.period = period;
  var places = [given('facility'), given('classroom')].filter(Boolean);
  if (places.length) {
    found.learners = { $in: target.users.find({ places: { $all: places } }, { _id: 1 }).toArray().map((user) => user._id) };
  }
  return found;
}

function filled(value, params) {
  if (Array.isArray(value)) return value.map((each) => filled(each, params));
  if (value === null || typeof value !== 'object') return value;
  if (Object.keys(value).join() === '$param') return params[value.$param];
  var found = {};
  for (var key of Object.keys(value)) {
    var inner = filled(value[key], params);
    if (inner !== undefined) found[key] = inner;
  }
  return found;
}

function run(name) {
  var question = JSON.parse(require('fs').readFileSync(require('path').join(questions, name + '.json'), 'utf8'));
  var target = db.getSiblingDB(given('database') || 'learntrack');
  var stages = filled([...question.pipeline, ...(question.then || [])], parameters(target));
  target
    .getCollection(question.collection)
    .aggregate(stages, { allowDiskUse: true })
    .forEach((row) => print(EJSON.stringify(row)));
}
