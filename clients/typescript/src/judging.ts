// What the service's answer to a batch means for its items. No I/O: every rule of sending again stands here.
//
// An item leaves the queue when the service has recorded it, and is set aside when the service itself has refused it
// for good. Whatever else answers (a hotel's page, a proxy) changes nothing.
import type { ItemKind, ProblemDocument } from "./shapes.js";

/** After so many answers that ask to try this item again, while others are recorded, it is set aside. */
export const MOST_TRIES = 8;

const TRY_AGAIN = [401, 408, 409, 425, 429];
const REFUSED_AS_A_WHOLE = [400, 413, 422];
// It took too long to arrive, or to be answered: on a slow network a smaller batch may get through.
const SMALLER_NEXT = [408, 502, 504];
export const NOT_THE_SERVICE = "What answers is not the service.";

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
 * `narrower`: the next batch is to be smaller. `signed_out`: the token was refused.
 */
export interface Verdict {
  recorded: { item: Item; answer: unknown }[];
  aside: { item: Item; problem: ProblemDocument }[];
  tried: Item[];
  wait: boolean;
  retryAfter: number | null;
  narrower: boolean;
  signed_out: boolean;
  trouble: string | null;
}

interface Result {
  key: string | null;
  status: number;
  body: unknown;
}

/** A verdict that changes nothing but what is given. */
export function verdict(given: Partial<Verdict> = {}): Verdict {
  return {
    recorded: [],
    aside: [],
    tried: [],
    wait: false,
    retryAfter: null,
    narrower: false,
    signed_out: false,
    trouble: null,
    ...given,
  };
}

/** What the answer to these items means for them; null: there was none. */
export function judge(items: Item[], answer: Answer | null): Verdict {
  if (answer === null) return verdict({ wait: true, narrower: true, trouble: "The service does not answer." });
  if (answer.status === 401) {
    return verdict({ signed_out: true, wait: true, trouble: "The service does not take the token." });
  }
  if (answer.status !== 200) return judgeRefusal(items, answer);
  const results = resultsOf(answer, items);
  return results === null ? verdict({ wait: true, trouble: NOT_THE_SERVICE }) : judgeEach(items, results);
}

/** The problem that an answer tells; null if it is no problem document. */
export function problemIn(answer: Answer): ProblemDocument | null {
  return answer.isProblem && answer.body !== null ? documentOf(answer.status, answer.body) : null;
}

function resultsOf(answer: Answer, items: Item[]): Result[] | null {
  const found = (answer.body as { results?: unknown } | null)?.results;
  if (!Array.isArray(found) || found.length !== items.length) return null;
  const results = found as Result[];
  const fits = results.every((each, at) => each?.key === items[at]?.key && typeof each?.status === "number");
  return fits ? results : null;
}

function judgeEach(items: Item[], results: Result[]): Verdict {
  const found = verdict();
  for (const [at, item] of items.entries()) {
    const result = results[at] as Result;
    if (result.status === 200) found.recorded.push({ item, answer: result.body });
    else if (found.wait) continue; // it was looked at before what comes before it was recorded: no judgement counts yet
    else if (TRY_AGAIN.includes(result.status) || result.status >= 500) tryAgain(found, item, result);
    else found.aside.push({ item, problem: documentOf(result.status, result.body) });
  }
  return found;
}

function tryAgain(found: Verdict, item: Item, result: Result): void {
  const problem = documentOf(result.status, result.body);
  if (item.tries + 1 < MOST_TRIES) {
    found.tried.push(item);
    found.wait = true;
    found.trouble = problem.detail;
  } else if (item.kind === "start" && result.status === 409) {
    found.recorded.push({ item, answer: null }); // its id is this client's own: what is there can only be this start
  } else {
    found.aside.push({ item, problem });
  }
}

function judgeRefusal(items: Item[], answer: Answer): Verdict {
  const problem = problemIn(answer);
  const found = verdict({
    wait: true,
    retryAfter: answer.retryAfter,
    narrower: SMALLER_NEXT.includes(answer.status),
    trouble: problem === null || answer.status === 404 ? NOT_THE_SERVICE : problem.detail,
  });
  const first = items[0] as Item;
  // A proxy's word that it is too large counts too: it would say so for ever.
  const refused = answer.status === 413 || (problem !== null && REFUSED_AS_A_WHOLE.includes(answer.status));
  const failed = answer.status === 500 && problem !== null;
  if (!refused && !failed) return found;
  if (items.length > 1) {
    found.narrower = true;
    found.wait = failed;
  } else if (failed && first.tries + 1 < MOST_TRIES) {
    found.tried.push(first);
  } else {
    found.aside.push({ item: first, problem: problem ?? documentOf(413, { title: "Too Large" }) });
    found.wait = false;
  }
  return found;
}

function documentOf(status: number, body: unknown): ProblemDocument {
  const told = Object(body) as Partial<ProblemDocument>;
  return { status, title: told.title ?? "", detail: told.detail ?? "", errors: told.errors ?? {} };
}

/** The object or list that a text is in JSON; null if it is none. */
export function parsed(text: string): object | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" ? found : null;
  } catch {
    return null;
  }
}
