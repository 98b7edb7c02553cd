// What no service would take is refused before it is stored: an app's developer sees it at once, with the field.
import { invalid, messageOf } from "./problems.js";
import { bytesOf } from "./queue.js";
import { type Start, type Update, plainId } from "./shapes.js";

const REQUIRED = "This field is required.";
const NO_OBJECT = "Must be an object.";
const MOST_SECONDS = Number.MAX_VALUE;
// The service's bounds, by default.
const LONGEST_ITEM = 1000;
const LONGEST_ANSWER = 65_536;
const MOST_INTERACTIONS = 1000;
const MOST_LEVELS = 90;
const MOST_VALUES = 100_000;
const MOST_BODY = 5 * 1024 * 1024;
const MOST_EXTRA_FIELDS = 4 * 1024 * 1024;
const MOST_ANONYMOUS = 1024 * 1024;
const NO_ID = "Must be a UUID.";
const ID = /^[\da-f]{8}(-?)([\da-f]{4}\1){3}[\da-f]{12}$/i;
const IDS = ["node_id", "content_id", "channel_id", "lesson_id", "quiz_id", "course_session_id", "unit_id"] as const;
const APART = [
  ["node_id", "quiz_id"],
  ["lesson_id", "quiz_id"],
  ["unit_id", "quiz_id"],
  ["node_id", "unit_id"],
  ["course_session_id", "lesson_id"],
] as const;

type Errors = Record<string, string[]>;

/** The learner's id as the service writes it; throws `InvalidFields` if it is none. */
export function checkedLearner(learner: string | null): string | null {
  if (learner === null) return null;
  if (!isId(learner)) throw invalid({ learner: [NO_ID] });
  return plainId(learner);
}

/** Throws `InvalidFields` unless a service can be there; in a page an address may begin with /. */
export function checkAddress(address: string): void {
  try {
    if (/^https?:$/.test(new URL(address, globalThis.location?.href).protocol)) return;
  } catch {
    // no address
  }
  throw invalid({ address: ["Must begin with http:// or https://."] });
}

/** Throws `InvalidFields` unless something is named that can be visited. */
export function checkContent(content: Start): void {
  if (!isObject(content)) throw invalid({ content: [NO_OBJECT] });
  const errors: Errors = {};
  const given = (name: keyof Start): boolean => content[name] != null;
  const require = (...names: (keyof Start)[]): void => {
    for (const name of names) if (!given(name)) errors[name] = [REQUIRED];
  };
  for (const name of IDS) if (given(name) && !isId(content[name])) errors[name] = [NO_ID];
  for (const [name, other] of APART) {
    if (given(name) && given(other)) errors[name] = [`Must not be given together with ${other}.`];
  }
  if (given("node_id")) require("kind", "content_id", "channel_id");
  if (given("unit_id")) require("test_type", "course_session_id");
  if (!given("node_id") && !given("quiz_id") && !given("unit_id")) {
    errors["node_id"] = ["One of node_id, quiz_id and unit_id is required."];
  }
  const [exercise, model] = [content.kind === "exercise", content.mastery_model];
  if (model != null && !isObject(model)) {
    errors["mastery_model"] = [NO_OBJECT];
  } else if (given("node_id") && exercise !== (model != null)) {
    errors["mastery_model"] = [exercise ? "Required for kind exercise." : "Only an exercise has a mastery model."];
  } else if (model?.type === "m_of_n" && model.n == null) {
    errors["mastery_model.n"] = [REQUIRED];
  }
  throwIfAny(errors);
}

/** Throws `InvalidFields` unless the numbers are in their ranges, and what is required is there. */
export function checkUpdate(update: Update): void {
  if (!isObject(update)) throw invalid({ update: [NO_OBJECT] });
  const errors: Errors = {};
  if (update.progress != null && update.progress_delta != null) {
    errors["progress"] = ["Must not be given together with progress_delta."];
  }
  checkNumber("progress", update.progress, 1, errors);
  checkNumber("progress_delta", update.progress_delta, 1, errors);
  checkNumber("time_spent_delta", update.time_spent_delta, MOST_SECONDS, errors);
  if (update.extra_fields != null && !isObject(update.extra_fields)) errors["extra_fields"] = [NO_OBJECT];
  const interactions: unknown = update.interactions ?? [];
  if (Array.isArray(interactions) && interactions.length > MOST_INTERACTIONS) {
    errors["interactions"] = [`At most ${MOST_INTERACTIONS} interactions in one update.`];
  } else if (Array.isArray(interactions)) {
    interactions.forEach((each, at) => checkInteraction(each, `interactions[${at}]`, errors));
  } else {
    errors["interactions"] = ["Must be a list."];
  }
  throwIfAny(errors);
}

function checkInteraction(each: NonNullable<Update["interactions"]>[0], where: string, errors: Errors): void {
  if (!isObject(each)) {
    errors[where] = [NO_OBJECT];
    return;
  }
  checkNumber(`${where}.correct`, each.correct ?? NaN, 1, errors);
  checkNumber(`${where}.time_spent`, each.time_spent ?? NaN, MOST_SECONDS, errors);
  if (typeof each.item !== "string" || !each.item.trim()) errors[`${where}.item`] = [REQUIRED];
  else checkLength(`${where}.item`, each.item.trim(), LONGEST_ITEM, errors);
  checkLength(`${where}.simple_answer`, each.simple_answer, LONGEST_ANSWER, errors);
  if (each.answer == null ? !each.error : !isObject(each.answer)) {
    errors[`${where}.answer`] = ["Must be an object, unless error is true."];
  }
}

/** Characters, not halves of them. */
function checkLength(name: string, text: unknown, most: number, errors: Errors): void {
  if (typeof text === "string" && text.length > most && [...text].length > most) {
    errors[name] = [`May have at most ${most} characters.`];
  }
}

/** True is 1, as the service reads it; a text is no number. */
function checkNumber(name: string, value: unknown, most: number, errors: Errors): void {
  const number = /string|object/.test(typeof value) ? NaN : Number(value);
  if (value == null || (number >= 0 && number <= most)) return;
  errors[name] = [most === 1 ? "Must be 0.0–1.0." : "Must be seconds, 0 or more."];
}

/**
 * What is sent, and what it says: the app may make of its own object what it likes from now on. Throws `InvalidFields`
 * where a field has what is no JSON, or more of it than the service takes.
 */
export function encoded<T extends object>(given: T, anonymous: boolean): [string, T] {
  for (const [name, value] of Object.entries(given)) {
    try {
      const text = JSON.stringify(value) ?? "null";
      const most = anonymous ? MOST_ANONYMOUS : name === "extra_fields" ? MOST_EXTRA_FIELDS : MOST_BODY;
      if (bytesOf(text) > most) throw new Error(`It has more than ${most} bytes.`);
      const levels = name === "interactions" ? MOST_LEVELS + 2 : MOST_LEVELS; // an answer is in one, in the list
      if (values(JSON.parse(text), levels) > MOST_VALUES) throw new Error(`It has more than ${MOST_VALUES} values.`);
    } catch (error) {
      throw invalid({ [name]: [`This cannot be sent. ${messageOf(error)}`] });
    }
  }
  const text = JSON.stringify(given);
  return [text, JSON.parse(text) as T];
}

/** How many values are in one of JSON, nested so deeply at the most; an empty list is one. */
function values(value: unknown, levels: number): number {
  if (typeof value !== "object" || value === null) return 1;
  if (levels === 0) throw new Error("It is nested too deeply.");
  return Object.values(value).reduce((sum: number, each) => sum + values(each, levels - 1), 0) || 1;
}

function isId(value: unknown): boolean {
  return typeof value === "string" && ID.test(value);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function throwIfAny(errors: Errors): void {
  if (Object.keys(errors).length > 0) throw invalid(errors);
}
