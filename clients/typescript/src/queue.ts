// The queue: what was done and is not recorded yet, in the order in which it was done.
import { type Item, type Verdict, parsed } from "./judging.js";
import { type SessionState, afterAnswer, afterStart, told } from "./local_state.js";
import { QueueFull } from "./problems.js";
import {
  type Aside,
  type ProblemDocument,
  type Start,
  type StartAnswer,
  type Status,
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

/** The bytes of a text as it is sent. */
export function bytesOf(text: string): number {
  return utf8.encode(text).length;
}

/** Where a learner's items are, and what the service has told of contents. */
export interface Store {
  item(key: string): Promise<Stored | undefined>;
  /** The items that wait (0) or are set aside (1), oldest first, so many at the most. */
  list(aside: 0 | 1, most?: number): Promise<Stored[]>;
  /** The items of a content that wait, oldest first. */
  ofContent(content: string): Promise<Stored[]>;
  /** How many items of a session wait. */
  ofSession(session: string): Promise<number>;
  totals(): Promise<Totals>;
  /** Store a new item, behind all others. */
  add(item: Omit<Stored, "number">): Promise<unknown>;
  /** Store an item that has changed. */
  put(item: Stored): Promise<unknown>;
  remove(item: Stored): Promise<unknown>;
  /** What the service has told of a content last. */
  state(content: string): Promise<SessionState>;
  learn(item: Stored, state: SessionState): Promise<unknown>;
}

/** A learner's items, on the disk or in memory. What a promise was kept for is stored; all of it or nothing. */
export abstract class Queue {
  /** Whether it outlives the page. */
  abstract readonly durable: boolean;
  /** What was decided of items that have been sent, as long as it cannot be stored (a full disk). */
  private unstored: Verdict[] = [];

  constructor(
    protected readonly learner: string,
    private readonly bounds: Bounds,
  ) {}

  abstract close(): void;

  /** Do this with what is stored, all of it or nothing; it awaits nothing but the store. */
  protected abstract within<T>(work: (store: Store) => Promise<T>, mode?: "readwrite"): Promise<T>;

  /** Store what was done; `now` is asked within the transaction. Rejects with `QueueFull` where there is no room. */
  async add(done: Done, now: () => string): Promise<void> {
    await this.within(async (store) => {
      const { learner, bounds } = this;
      const { items, bytes } = await store.totals();
      const own = bytesOf(done.body) + OVERHEAD;
      if (items >= bounds.mostItems || bytes + own > bounds.mostBytes) throw new QueueFull(FULL);
      const made = { key: newId(), occurred_at: now(), bytes: own };
      await store.add({ ...done, ...made, learner, tries: 0, aside: 0, problem: null });
    }, "readwrite");
  }

  /** The items to be sent next, oldest first: so many, or as many as have so many bytes, but one at least. */
  async next(mostItems: number, mostBytes: number): Promise<Item[]> {
    const settled = this.unstored.flatMap(({ recorded, aside }) => [...recorded, ...aside]);
    const done = new Set(settled.map(({ item }) => item.key));
    const items = await this.within((store) => store.list(0, mostItems + done.size));
    let bytes = 0;
    const left = items.filter(({ key }) => !done.has(key)).slice(0, mostItems);
    return left.filter((item, at) => (bytes += item.bytes) <= mostBytes || at === 0);
  }

  /**
   * Do what was decided of a batch's items, and of those before of which it could not be stored. Until it is stored,
   * what was recorded or refused is not sent again while this queue is open.
   */
  async settle(...found: Verdict[]): Promise<void> {
    this.unstored.push(...found);
    if (this.unstored.length === 0) return;
    await this.within(async (store) => {
      for (const each of this.unstored) await settleIn(store, each);
    }, "readwrite");
    this.unstored = [];
  }

  /** What a content will be once all that waits is sent. */
  state(content: string): Promise<SessionState> {
    return this.within(async (store) => {
      const known = await store.state(content);
      return (await store.ofContent(content)).reduce((state, item) => after(state, item, null), known);
    });
  }

  /** The items that were refused for good, oldest first. */
  async aside(): Promise<Aside[]> {
    const items = await this.within((store) => store.list(1));
    return items.map(({ key, session, kind, occurred_at, body, problem }) => {
      return { key, session_id: session, kind, occurred_at, body: bodyOf(body), problem } as Aside;
    });
  }

  /**
   * Put items that were set aside back into their place: this one (with a start those of its session), or all. What the
   * service knows no visit of (any more) goes behind all, into the latest of its content that is in `visits`.
   */
  retry(key: string | undefined, now: () => string, visits: Map<string, string>): Promise<number> {
    return this.within(async (store) => {
      const back = comingBack(await store.list(1), key, now, visits);
      for (const [item, visit] of back) {
        if (visit) {
          const { number, ...behind } = item; // the visit's start may still wait
          await store.remove(item);
          await store.add({ ...behind, session: visit });
        } else await store.put(item);
      }
      return back.length;
    }, "readwrite");
  }

  /** Forget an item that was set aside; whether there was one. */
  discard(key: string): Promise<boolean> {
    return this.within(async (store) => {
      const item = await store.item(key);
      if (!item?.aside) return false;
      await store.remove(item);
      return true;
    }, "readwrite");
  }

  /** How many items wait, of this session or of all. */
  async waiting(session?: string): Promise<number> {
    return session ? this.within((store) => store.ofSession(session)) : (await this.counts()).waiting;
  }

  async counts(): Promise<Counts> {
    const { items, waiting, bytes } = await this.within((store) => store.totals());
    const { mostItems, mostBytes } = this.bounds;
    const nearly_full = items >= NEARLY * mostItems || bytes >= NEARLY * mostBytes || this.unstored.length > 0;
    return { waiting, aside: items - waiting, bytes, nearly_full };
  }
}

/** Do what was decided of a batch's items in a store. */
async function settleIn(store: Store, { recorded, aside, tried }: Verdict): Promise<void> {
  for (const { item, answer } of recorded) {
    const stored = await store.item(item.key);
    if (!stored) continue;
    await store.learn(stored, after(await store.state(stored.content), item, answer));
    await store.remove(stored);
  }
  const change = async ({ key }: Item, to: Partial<Stored>): Promise<void> => {
    const stored = await store.item(key);
    if (stored) await store.put({ ...stored, tries: stored.tries + 1, ...to });
  };
  for (const { item, problem } of aside) await change(item, { aside: 1, problem });
  for (const item of tried) await change(item, {});
}

/** A content's state after an item, which the service has recorded and answered, or which waits. */
function after(before: SessionState, { kind, body }: Item, answer: unknown): SessionState {
  const said = bodyOf(body);
  try {
    if (kind === "update") return afterAnswer(before, said, isUpdateAnswer(answer) ? answer : null);
    return isStartAnswer(answer) ? told(answer) : afterStart(before, said as Start);
  } catch {
    return before; // a damaged one, which keeps no other from being sent
  }
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

/**
 * The items that come back from being set aside, each with the visit that it belongs to from now on, if that is another
 * one. What was refused for its moment alone, what followed a start that was, and what is in another visit now, happens
 * now, since it would be refused for ever.
 */
function comingBack(
  aside: Stored[],
  key: string | undefined,
  now: () => string,
  visits: Map<string, string>,
): [Stored, string | undefined][] {
  const session = aside.find((item) => item.key === key && item.kind === "start")?.session;
  const back = aside.filter((item) => key === undefined || item.key === key || item.session === session);
  const late = back.filter(({ problem }) => Object.keys(problem?.errors ?? {}).join() === "occurred_at");
  const startsOf = (items: Stored[]): Set<string> =>
    new Set(items.filter(({ kind }) => kind === "start").map((item) => item.session));
  const [begun, begunLate] = [startsOf(back), startsOf(late)];
  return back.map((item) => {
    const lost = item.problem?.status === 404 && !begun.has(item.session);
    const visit = lost ? visits.get(item.content) : undefined;
    const at = visit || late.includes(item) || begunLate.has(item.session) ? now() : item.occurred_at;
    return [{ ...item, aside: 0, problem: null, tries: 0, occurred_at: at }, visit];
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
