// The queue: what was done and is not recorded yet, in the order in which it was done.
import type { Item, Verdict } from "./judging.js";
import {
  type SessionState,
  NOTHING_KNOWN,
  afterAnswer,
  afterStart,
  told,
} from "./local_state.js";
import { QueueFull } from "./problems.js";
import type { Aside, ItemKind, ProblemDocument, Start, StartAnswer, Update, UpdateAnswer } from "./shapes.js";

/** What the items of a queue come to. */
export interface Counts {
  items: number;
  waiting: number;
  bytes: number;
}

/** What a queue may hold. */
export interface Bounds {
  mostItems: number;
  mostBytes: number;
}

/** A learner's items, on the disk or in memory. What a promise was kept for is stored; all of it or nothing. */
export interface Queue {
  /** Whether it outlives the page. */
  readonly durable: boolean;
  /** Store what was done; `now` is asked within the transaction. Rejects with `QueueFull` where there is no room. */
  add(content: string, session: string, kind: ItemKind, body: string, now: () => string): Promise<void>;
  /** The items to be sent next, oldest first: so many, or as many as have so many bytes, but one at least. */
  next(mostItems: number, mostBytes: number): Promise<Item[]>;
  /** Do what was decided of a batch's items. */
  settle(verdict: Verdict): Promise<void>;
  /** What a content will be once all that waits is sent. */
  state(content: string): Promise<SessionState>;
  /** The items that were refused for good, oldest first. */
  aside(): Promise<Aside[]>;
  /** Put items that were set aside back into their place: this one (with a start those of its session), or all. */
  retry(key: string | undefined, now: () => string): Promise<number>;
  /** Forget an item that was set aside; whether there was one. */
  discard(key: string): Promise<boolean>;
  counts(): Promise<Counts>;
  /** How many items of a session wait. */
  waitingOf(session: string): Promise<number>;
  close(): void;
}

/** An item as it is stored; `aside` is 1 where it was refused, for `problem`. */
export interface Stored extends Item {
  learner: string;
  bytes: number;
  aside: 0 | 1;
  problem: ProblemDocument | null;
}

export const FULL = "There is no room for this: nothing was stored.";
const OVERHEAD = 200; // bytes that an item takes beside its body, about
const utf8 = new TextEncoder();

/** A new item, without its place. */
export function newItem(
  learner: string,
  content: string,
  session: string,
  kind: ItemKind,
  body: string,
  now: () => string,
): Omit<Stored, "number"> {
  const bytes = utf8.encode(body).length + OVERHEAD;
  const key = crypto.randomUUID();
  return {
    ...{ learner, content, session, kind, body, bytes, key },
    ...{ occurred_at: now(), tries: 0, aside: 0, problem: null },
  };
}

/** Throws `QueueFull` where an item of so many bytes has no room. */
export function checkRoom(bounds: Bounds, counts: Counts, bytes: number): void {
  if (counts.items >= bounds.mostItems || counts.bytes + bytes > bounds.mostBytes) {
    throw new QueueFull(FULL);
  }
}

/** How many of these items go together into one request. */
export function fitting(items: Stored[], mostBytes: number): Stored[] {
  let bytes = 0;
  const end = items.findIndex((item, at) => (bytes += item.bytes) > mostBytes && at > 0);
  return end < 0 ? items : items.slice(0, end);
}

/** What the service has told about a content, after it has recorded an item. */
export function learned(before: SessionState | undefined, item: Item, answer: unknown): SessionState {
  const state = before ?? NOTHING_KNOWN;
  if (item.kind === "update") {
    return afterAnswer(state, JSON.parse(item.body) as Update, isUpdateAnswer(answer) ? answer : null);
  }
  return isStartAnswer(answer) ? told(answer) : afterStart(state, JSON.parse(item.body) as Start);
}

/** Whether an answer is of a form that is known here. If not, what is shown is what was expected. */
function isStartAnswer(answer: unknown): answer is StartAnswer {
  const given = answer as Partial<StartAnswer> | null;
  return (
    typeof given?.progress === "number" &&
    typeof given.time_spent === "number" &&
    typeof given.extra_fields === "object" &&
    (given.pastattempts == null || isAttempts(given.pastattempts))
  );
}

function isUpdateAnswer(answer: unknown): answer is UpdateAnswer {
  return isAttempts((answer as Partial<UpdateAnswer> | null)?.attempts);
}

function isAttempts(attempts: unknown): boolean {
  return Array.isArray(attempts) && attempts.every((each) => typeof each === "object" && each !== null);
}

/** The state after items that wait. */
export function expected(known: SessionState | undefined, waiting: Item[]): SessionState {
  let state: SessionState = known ?? NOTHING_KNOWN;
  for (const item of waiting) {
    const body: unknown = JSON.parse(item.body);
    state = item.kind === "start" ? afterStart(state, body as Start) : afterAnswer(state, body as Update, null);
  }
  return state;
}

/** An item that was refused, as it is shown. */
export function shownAside(item: Stored): Aside {
  return {
    key: item.key,
    session_id: item.session,
    kind: item.kind,
    occurred_at: item.occurred_at,
    body: JSON.parse(item.body) as Aside["body"],
    problem: item.problem as ProblemDocument,
  };
}

/**
 * The items that come back from being set aside. What was refused for its moment alone happens now, since it would be
 * refused for ever.
 */
export function comingBack(aside: Stored[], key: string | undefined, now: () => string): Stored[] {
  const session = aside.find((item) => item.key === key && item.kind === "start")?.session;
  const back = aside.filter((item) => key === undefined || item.key === key || item.session === session);
  return back.map((item) => {
    const late = Object.keys(item.problem?.errors ?? {}).join() === "occurred_at";
    return { ...item, aside: 0, problem: null, tries: 0, occurred_at: late ? now() : item.occurred_at };
  });
}

/** Items as the service takes them together. */
export function batch(items: Item[], sentAt: string): string {
  const parts = items.map((item) => {
    const head = JSON.stringify({ key: item.key, occurred_at: item.occurred_at, session_id: item.session });
    return `${head.slice(0, -1)},"${item.kind}":${item.body}}`;
  });
  return `{"sent_at":${JSON.stringify(sentAt)},"items":[${parts.join(",")}]}`;
}
