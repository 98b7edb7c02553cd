// What the service's answer to a batch means for its items. No I/O: every rule of sending again stands here.
//
// An item leaves the queue when the service has recorded it, and is set aside when the service itself has refused it
// for good. Whatever else answers (a hotel's page, a proxy) changes nothing.
import type { ItemKind, ProblemDocument } from "./shapes.js";

/** After so many answers that ask to try this item again, while others are recorded, it is set aside. */
export const MOST_TRIES = 8;
/** The same where something between (a filter of words, a proxy) keeps this item alone from the service. */
export const MOST_TRIES_UNHEARD = 20;

const TRY_AGAIN = [401, 408, 409, 425, 429];
const REFUSED_AS_A_WHOLE = [400, 413, 422];
// It took too long to arrive, or to be answered: on a slow network a smaller batch may get through. So it may where not
// the service has answered, or nobody.
const SMALLER_NEXT = [408, 502, 504];
export const NOT_THE_SERVICE = "What answers is not the service.";
export const NOT_TAKEN = "The service does not take the token.";
export const NO_ANSWER = "The service does not answer.";

/**
 * An answer to a request: what of it counts. `isProblem`: it says that it is a problem document. `body`: the object or
 * list that it is in JSON, else null. `retryAfter` is in seconds. `ignored`: parameters that the service does not know.
 */
export interface Answer {
  status: number;
  isProblem: boolean;
  body: object | null;
  retryAfter: number | null;
  ignored?: string | null;
}

/** An item of the queue. `number` is its place in the order, `tries` how often it was to be tried again. */
export interface Item {
  number: number;
  content: string;
  session: string;
  key: string;
  occurred_at: string;
  kind: ItemKind;
  body: string;
  tries: number;
}

/**
 * What becomes of the items of a batch; those that are in no list wait. `wait`: before anything more is sent.
 * `narrower`: the next batch is to be smaller. `unheard`: not the service has answered. `signed_out`: the token was
 * refused.
 */
export interface Verdict {
  recorded: { item: Item; answer: unknown }[];
  aside: { item: Item; problem: ProblemDocument }[];
  tried: Item[];
  wait?: boolean;
  retryAfter?: number | null | undefined;
  narrower?: boolean;
  unheard?: boolean;
  signed_out?: boolean;
  trouble?: string;
}

interface Result {
  key: string | null;
  status: number;
  body: unknown;
}

/** A verdict that changes nothing but what is given. */
export function verdict(given: Partial<Verdict> = {}): Verdict {
  return { recorded: [], aside: [], tried: [], ...given };
}

/**
 * What the answer to these items means for them; null: there was none. `hurried`: they were sent before their time:
 * then it is no try that counts. `heardElse`: the service itself has answered right after, but not to these.
 */
export function judge(items: Item[], answer: Answer | null, hurried?: boolean, heardElse?: boolean): Verdict {
  if (!hurried) return judged(items, answer, heardElse);
  return { ...judged(items.map((item) => ({ ...item, tries: 0 })), answer, heardElse), tried: [] };
}

function judged(items: Item[], answer: Answer | null, heardElse?: boolean): Verdict {
  const status = answer?.status ?? 0;
  if (status === 401) return verdict({ signed_out: true, wait: true, trouble: NOT_TAKEN });
  const results = status === 200 && resultsOf(answer as Answer, items);
  if (results) return judgeEach(items, results);
  let problem = answer && problemIn(answer);
  // A proxy's word that it is too large counts too: it would say so for ever.
  if (status === 413) problem ??= documentOf(413, { title: "Too Large" });
  const retryAfter = answer?.retryAfter;
  if (problem) return judgeRefusal(items, problem, retryAfter);
  const trouble = answer ? NOT_THE_SERVICE : NO_ANSWER;
  const found = verdict({ retryAfter, trouble, wait: true, narrower: true, unheard: true });
  if (!heardElse) return found;
  return tryAgain(found, items[0] as Item, documentOf(status, { title: trouble }), MOST_TRIES_UNHEARD);
}

/** The problem that an answer tells; null if it is no problem document. */
export function problemIn(answer: Answer): ProblemDocument | null {
  return answer.isProblem && answer.body !== null ? documentOf(answer.status, answer.body) : null;
}

function resultsOf(answer: Answer, items: Item[]): Result[] | null {
  const results = (answer.body as { results?: Result[] } | null)?.results;
  const fits = (each: Result, at: number): boolean => each?.key === items[at]?.key && typeof each?.status === "number";
  return Array.isArray(results) && results.length === items.length && results.every(fits) ? results : null;
}

function judgeEach(items: Item[], results: Result[]): Verdict {
  const found = verdict();
  for (const [at, item] of items.entries()) {
    const { status, body } = results[at] as Result;
    const problem = documentOf(status, body);
    // A session's id is this client's own: what is there can only be this start.
    const there = item.kind === "start" && status === 409 && "session_id" in problem.errors;
    if (status === 200 || there) found.recorded.push({ item, answer: body });
    else if (found.wait) continue; // it was looked at before what comes before it was recorded: no judgement counts yet
    else if (TRY_AGAIN.includes(status) || status >= 500) tryAgain(found, item, problem);
    else found.aside.push({ item, problem });
  }
  return found;
}

function tryAgain(found: Verdict, item: Item, problem: ProblemDocument, most = MOST_TRIES): Verdict {
  found.wait = item.tries + 1 < most;
  if (found.wait) {
    found.tried.push(item);
    found.trouble = problem.detail || problem.title;
  } else found.aside.push({ item, problem });
  return found;
}

function judgeRefusal(items: Item[], problem: ProblemDocument, retryAfter: number | null | undefined): Verdict {
  const { status, detail } = problem;
  const whole = REFUSED_AS_A_WHOLE.includes(status);
  const trouble = status === 404 ? NOT_THE_SERVICE : detail;
  const found = verdict({ wait: !whole, retryAfter, narrower: SMALLER_NEXT.includes(status), trouble });
  const [item] = items as [Item];
  if (status === 408 && items.length === 1) return tryAgain(found, item, problem, MOST_TRIES_UNHEARD);
  if (!whole && status !== 500) return found;
  if (items.length === 1) return tryAgain(found, item, problem, whole ? 0 : MOST_TRIES);
  return { ...found, narrower: true };
}

function documentOf(status: number, body: unknown): ProblemDocument {
  const told = Object(body) as Partial<ProblemDocument>;
  const errors = Object(told.errors) as ProblemDocument["errors"];
  return { status, title: told.title ?? "", detail: told.detail ?? "", errors };
}

/** The list or object that a text is in JSON; null if it is none. */
export function parsed(text: string): object | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" ? found : null;
  } catch {
    return null;
  }
}
