// The queue: what was done and is not recorded yet, in the order in which it was done.
import { type Item, type Verdict, parsed } from "./judging.js";
import { type SessionState, NOTHING_KNOWN, afterAnswer, afterStart, told } from "./local_state.js";
import { QueueFull } from "./problems.js";
import {
  type Aside,
  type ProblemDocument,
  type Start,
  type StartAnswer,
  type Status,
  type Update,
  type UpdateAnswer,
  newId,
} from "./shapes.js";

/** What a learner's items come to. */
export interface Totals {
  items: number;
  waiting: number;
  bytes: number;
}

/** How much waits and is set aside; `nearly_full` from four fifths on of what the queue may hold. */
export type Counts = Pick<Status, "waiting" | "aside" | "bytes" | "nearly_full">;

/** What a queue may hold. */
export interface Bounds {
  mostItems: number;
  mostBytes: number;
}

/** What an app did: the `body` is sent as it is. */
export type Done = Pick<Item, "content" | "session" | "kind" | "body">;

/** An item as it is stored; `aside` is 1 where it was refused, for `problem`. */
export interface Stored extends Item {
  learner: string;
  bytes: number;
  aside: 0 | 1;
  problem: ProblemDocument | null;
}

export const FULL = "The queue is full: nothing was stored.";
const OVERHEAD = 200; // bytes that an item takes beside its body, about
const NEARLY = 0.8;
const utf8 = new TextEncoder();

/** A learner's items, on the disk or in memory. What a promise was kept for is stored; all of it or nothing. */
export abstract class Queue {
  /** Whether it outlives the page. */
  abstract readonly durable: boolean;

  constructor(
    protected readonly learner: string,
    private readonly bounds: Bounds,
  ) {}

  /** Store what was done; `now` is asked within the transaction. Rejects with `QueueFull` where there is no room. */
  abstract add(done: Done, now: () => string): Promise<void>;
  /** Do what was decided of a batch's items. */
  abstract settle(verdict: Verdict): Promise<void>;
  /** What a content will be once all that waits is sent. */
  abstract state(content: string): Promise<SessionState>;
  /** Put items that were set aside back into their place: this one (with a start those of its session), or all. */
  abstract retry(key: string | undefined, now: () => string): Promise<number>;
  /** Forget an item that was set aside; whether there was one. */
  abstract discard(key: string): Promise<boolean>;
  /** How many items of a session wait. */
  abstract waitingOf(session: string): Promise<number>;
  abstract close(): void;

  protected abstract totals(): Promise<Totals>;
  /** The items that wait (0) or are set aside (1), oldest first, so many at the most. */
  protected abstract list(aside: 0 | 1, most?: number): Promise<Stored[]>;

  /** The items to be sent next, oldest first: so many, or as many as have so many bytes, but one at least. */
  async next(mostItems: number, mostBytes: number): Promise<Item[]> {
    const items = await this.list(0, mostItems);
    let bytes = 0;
    return items.filter((item, at) => (bytes += item.bytes) <= mostBytes || at === 0);
  }

  /** The items that were refused for good, oldest first. */
  async aside(): Promise<Aside[]> {
    return (await this.list(1)).map(({ key, session, kind, occurred_at, body, problem }) => {
      return { key, session_id: session, kind, occurred_at, body: bodyOf(body), problem } as Aside;
    });
  }

  async counts(): Promise<Counts> {
    const { items, waiting, bytes } = await this.totals();
    const nearly_full = items >= NEARLY * this.bounds.mostItems || bytes >= NEARLY * this.bounds.mostBytes;
    return { waiting, aside: items - waiting, bytes, nearly_full };
  }

  /** A new item, without its place. Throws `QueueFull` where it has no room beside so many items and bytes. */
  protected newItem(done: Done, now: () => string, items: number, bytes: number): Omit<Stored, "number"> {
    const own = utf8.encode(done.body).length + OVERHEAD;
    if (items >= this.bounds.mostItems || bytes + own > this.bounds.mostBytes) throw new QueueFull(FULL);
    const { learner } = this;
    return { ...done, learner, bytes: own, key: newId(), occurred_at: now(), tries: 0, aside: 0, problem: null };
  }
}

/** What the service has told about a content, after it has recorded an item. */
export function learned(before: SessionState | undefined, item: Item, answer: unknown): SessionState {
  const state = before ?? NOTHING_KNOWN;
  if (item.kind === "update") {
    return afterAnswer(state, bodyOf(item.body), isUpdateAnswer(answer) ? answer : null);
  }
  return isStartAnswer(answer) ? told(answer) : afterStart(state, bodyOf(item.body) as Start);
}

/** Whether an answer is of a form that is known here. If not, what is shown is what was expected. */
function isStartAnswer(answer: unknown): answer is StartAnswer {
  const { progress, time_spent, extra_fields, pastattempts } = Object(answer) as Partial<StartAnswer>;
  const numbers = typeof progress === "number" && typeof time_spent === "number";
  return numbers && typeof extra_fields === "object" && isAttempts(pastattempts ?? []);
}

function isUpdateAnswer(answer: unknown): answer is UpdateAnswer {
  return isAttempts((Object(answer) as Partial<UpdateAnswer>).attempts);
}

function isAttempts(attempts: unknown): boolean {
  return Array.isArray(attempts) && attempts.every((each) => typeof each === "object" && each !== null);
}

/** What an item says; of a damaged one nothing. */
function bodyOf(text: string): object {
  return parsed(text) ?? {};
}

/** The state after items that wait. */
export function expected(known: SessionState | undefined, waiting: Item[]): SessionState {
  let state: SessionState = known ?? NOTHING_KNOWN;
  for (const item of waiting) {
    const body = bodyOf(item.body);
    state = item.kind === "start" ? afterStart(state, body as Start) : afterAnswer(state, body as Update, null);
  }
  return state;
}

/**
 * The items that come back from being set aside. What was refused for its moment alone, and what followed a start that
 * was, happens now, since it would be refused for ever.
 */
export function comingBack(aside: Stored[], key: string | undefined, now: () => string): Stored[] {
  const session = aside.find((item) => item.key === key && item.kind === "start")?.session;
  const back = aside.filter((item) => key === undefined || item.key === key || item.session === session);
  const late = back.filter(({ problem }) => Object.keys(problem?.errors ?? {}).join() === "occurred_at");
  const begun = late.filter(({ kind }) => kind === "start").map((item) => item.session);
  return back.map((item) => {
    const at = late.includes(item) || begun.includes(item.session) ? now() : item.occurred_at;
    return { ...item, aside: 0, problem: null, tries: 0, occurred_at: at };
  });
}

/** Items as the service takes them together. */
export function batch(items: Item[], sentAt: string): string {
  const sent = items.map(
    ({ key, occurred_at, session, kind, body }) =>
      `{"key":"${key}","occurred_at":"${occurred_at}","session_id":"${session}","${kind}":${body}}`,
  );
  return `{"sent_at":"${sentAt}","items":[${sent}]}`;
}
