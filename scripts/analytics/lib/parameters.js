// What the questions are narrowed to, read from global variables and refused as `learntrack report` refuses them.

var NAMES = ['since', 'until', 'facility', 'classroom', 'content', 'timezone', 'attempts', 'details', 'former', 'database'];
var UUID = /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i;
var DAY = /^\d{4}-\d{2}-\d{2}$/;
var MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$/;

function refuse(message) {
  print(message);
  quit(2);
}

function given(name) {
  var value = globalThis[name];
  return value === undefined || value === null || value === '' ? undefined : value;
}

// A variable that is set and is no parameter: a slip of the pen would answer about everybody. To be asked before the
// scripts have variables of their own.
function refuseUnknown() {
  for (var name of Object.keys(globalThis)) {
    var isValue = ['string', 'boolean', 'number'].includes(typeof globalThis[name]);
    if (isValue && !name.startsWith('__') && !NAMES.includes(name)) {
      refuse('There is no parameter ' + name + ': only ' + NAMES.join(', ') + '.');
    }
  }
}

function idOf(name) {
  var value = given(name);
  if (value === undefined) return undefined;
  if (!UUID.test(String(value))) refuse(name + ': Must be a valid UUID.');
  return String(value).replace(/-/g, '').toLowerCase();
}

function choice(name, choices) {
  var value = given(name);
  if (value !== undefined && !choices.includes(value)) refuse(name + ': Must be one of ' + choices.join(', ') + '.');
  return value;
}

function zoneNamed(name) {
  var known;
  try {
    known = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    known = undefined;
  }
  // Intl takes names in any case and offsets too, of which the database knows nothing.
  var isSlip = known !== undefined && known !== name && known.toLowerCase() === name.toLowerCase();
  if (known === undefined || isSlip || !/^[A-Z]/.test(name)) {
    refuse('timezone: There is no such time zone: an IANA name such as Africa/Nairobi is needed.');
  }
  return name;
}

// The zone asked for, else that of the facility asked about, else of the only one, else UTC.
function zoneOf(target) {
  if (given('timezone')) return zoneNamed(given('timezone'));
  var place = idOf('facility');
  var room = idOf('classroom') && target.classrooms.findOne({ _id: idOf('classroom') });
  if (!place && room) place = room.facility_id;
  var facilities = place ? target.facilities.find({ _id: place }).toArray() : target.facilities.find().limit(2).toArray();
  return (facilities.length === 1 && facilities[0].timezone) || 'UTC';
}

// How far a zone is ahead of UTC at a moment, in milliseconds.
function ahead(moment, zone) {
  var parts = {};
  var format = { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' };
  new Intl.DateTimeFormat('en-US', format).formatToParts(moment).forEach((part) => (parts[part.type] = Number(part.value)));
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - Math.floor(moment / 1000) * 1000;
}

// When a day of a zone begins: at the earliest moment at which its clocks show midnight; where they skip midnight, when
// they do.
function beginningOf(day, zone) {
  var midnight = Date.parse(day + 'T00:00:00Z');
  var before = ahead(new Date(midnight - 86400000), zone);
  var moments = [before, ahead(new Date(midnight + 86400000), zone)].map((offset) => new Date(midnight - offset));
  var found = moments.filter((moment) => moment.getTime() + ahead(moment, zone) === midnight);
  return found.length ? new Date(Math.min(...found)) : new Date(midnight - before);
}

// Whether a day is in the calendar, and in a year that anything can have happened in.
function isDay(text) {
  var day = new Date(text + 'T00:00:00Z');
  return !isNaN(day) && day.toISOString().slice(0, 10) === text && text >= '1900' && text < '9999';
}

// A moment, or of a date alone the moment when that day begins, or the next one where `through`.
function momentOf(name, zone, through) {
  var text = given(name);
  if (text === undefined) return undefined;
  text = String(text).trim();
  var moment = new Date(DAY.test(text) || /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : text + 'Z');
  // `Date` makes the 2nd of March of a 30th of February, and the next day of 24:00.
  if (!(DAY.test(text) || MOMENT.test(text)) || isNaN(moment) || !isDay(text.slice(0, 10)) || text.slice(11, 13) === '24') {
    refuse(name + ': Must be a date or a moment (ISO 8601).');
  }
  if (!DAY.test(text)) return moment;
  if (through) moment = new Date(moment.getTime() + 86400000);
  return beginningOf(moment.toISOString().slice(0, 10), zone);
}

// A place of the roster: of one that is not there nobody could be a member, and the answer would be empty.
function knownPlace(target, name, collection) {
  var id = idOf(name);
  if (id && !target[collection].findOne({ _id: id })) {
    var there = target[collection].find({}, { name: 1 }).sort({ name: 1, _id: 1 }).limit(20).toArray();
    var listed = there.map((row) => row._id + ' ' + JSON.stringify(row.name)).join(', ');
    refuse(name + ': There is none with this id; there are: ' + (listed || 'none') + '.');
  }
  return id;
}

// Who is in a place, or where `leftAfter` is a moment has left it after that.
function memberOf(place, leftAfter) {
  if (!leftAfter) return { places: place };
  var left = { $elemMatch: { collection_id: place, until: { $gt: leftAfter } } };
  return { $or: [{ places: place }, { former_collections: left }, { former_facilities: left }] };
}

// What `{"$param": name}` stands for; undefined where nothing is asked, and then the condition goes.
function parameters(target) {
  var zone = zoneOf(target);
  var details = choice('details', [true, false]) || false;
  var found = {
    content: idOf('content'),
    facility: idOf('facility'),
    timezone: zone,
    attempts: choice('attempts', ['first', 'latest', 'all']) || null,
    details: details,
    answers: details ? 10 : 3,
    since: null,
    until: null,
  };
  var period = {};
  var since = momentOf('since', zone, false);
  var until = momentOf('until', zone, true);
  if (since) found.since = period.$gte = since;
  if (until) found.until = period.$lt = until;
  if (Object.keys(period).length) found.period = period;
  var places = [knownPlace(target, 'facility', 'facilities'), knownPlace(target, 'classroom', 'classrooms')].filter(Boolean);
  if (places.length) {
    var inside = { $and: places.map((place) => memberOf(place, given('former') && (since || new Date('1900-01-01')))) };
    found.learners = { $in: target.users.find(inside, { _id: 1 }).toArray().map((user) => user._id) };
  }
  return found;
}

// Refuses what is wrong before the database is asked anything.
function check() {
  ['facility', 'classroom', 'content'].forEach(idOf);
  var zone = given('timezone') ? zoneNamed(given('timezone')) : 'UTC';
  var since = momentOf('since', zone, false);
  var until = momentOf('until', zone, false);
  // A date and a moment are not compared: that takes the school's zone.
  var alike = DAY.test(String(given('since')).trim()) === DAY.test(String(given('until')).trim());
  if (since && until && alike && until < since) refuse('until: Must not be before since.');
  choice('attempts', ['first', 'latest', 'all']);
  choice('details', [true, false]);
  if (choice('former', [true, false]) && !given('facility') && !given('classroom')) {
    refuse('former: Needs a facility or a classroom.');
  }
}

refuseUnknown();
check();
