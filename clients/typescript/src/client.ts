// The client: visits are stored in the queue first, and sent by its one sender.
import { checkAddress, checkContent, checkUpdate, checkedLearner, encoded } from "./checks.js";
import { IndexedDbQueue } from "./indexeddb_queue.js";
import type { Verdict } from "./judging.js";
import { type SessionState, afterStart, afterUpdate } from "./local_state.js";
import { MemoryQueue } from "./memory_queue.js";
import { Closed, LearntrackError, QueueUnusable, messageOf } from "./problems.js";
import type { Bounds, Queue } from "./queue.js";
import { Reading } from "./reading.js";
import { Sender } from "./sender.js";
import { Service, type TokenSource } from "./service.js";
import { Session } from "./session.js";
import { type Aside, type Content, type ItemKind, type Status, type Update, nameOf, newId } from "./shapes.js";
import { Signal } from "./signal.js";

export interface ClientOptions {
  /** The learner's id, a UUID; without it the visits are anonymous, and no token is sent. */
  learner?: string | null;
  /**
   * The learner's token, or a function that returns one: called with the token that the service has refused (null: it
   * has none yet), it returns a fresh one, or null where nobody is signed in. Without a token the learner's work waits.
   */
  token?: TokenSource | null;
  /** The queue's name: that of its database in IndexedDB. Any number of tabs and learners may share it. */
  queue?: string;
  /** How many items of the learner the queue may hold. */
  mostItems?: number;
  /** How many bytes they may have. */
  mostBytes?: number;
  /** Seconds after which what could not be sent is sent again; twice as long each time. */
  firstWait?: number;
  /** How long that gets at the most. */
  longestWait?: number;
  /** Called with the `Status` whenever it has changed; what the service has told is in each `session.state` then. */
  onChange?: (status: Status) => unknown;
  /** The device's clock, in milliseconds since 1970. */
  clock?: () => number;
}

/** Records one learner's visits. Throws `InvalidFields` where the address or the learner is none. */
export class Client extends Reading {
  readonly learner: string | null;
  protected readonly service: Service;
  private readonly stop = new AbortController();
  private readonly sending: Promise<Sender>;
  private readonly running: Promise<void>;
  private readonly sessions = new Set<WeakRef<Session>>();
  private readonly visits = new Map<string, string>(); // the latest of each content
  private readonly waiters = new Set<Signal>();
  private last = "";
  private readonly onChange: ((status: Status) => unknown) | undefined;
  private readonly clock: () => number;

  constructor(
    address: string,
    {
      learner = null,
      token = null,
      queue: name = "learntrack",
      mostItems = 10_000,
      mostBytes = 64 * 1024 * 1024,
      firstWait = 1,
      longestWait = 60,
      onChange,
      clock = Date.now,
    }: ClientOptions = {},
  ) {
    super();
    checkAddress(address);
    this.learner = checkedLearner(learner);
    this.onChange = onChange;
    this.clock = clock;
    const stop = this.stop.signal;
    const service = new Service(address, this.learner, token, stop);
    this.service = service;
    const { now, changed, settled } = this;
    const own = this.learner ?? "";
    const given = { service, lock: `${name} ${own}`, firstWait, longestWait, stop, now, changed, settled };
    this.sending = opened(name, own, { mostItems, mostBytes }, stop).then((queue) => new Sender(queue, given));
    this.running = this.sending.then((sender) => sender.run());
    for (const event of ["online", "visibilitychange"]) {
      globalThis.addEventListener?.(event, this.hurry, { signal: stop });
    }
  }

  /** Begin a visit. Its state is what this device knows; `await session.sync(2)` waits for the service's word. */
  async start(content: Content, options: { repeat?: boolean } = {}): Promise<Session> {
    checkContent(content);
    const [body, start] = encoded(options.repeat ? { ...content, repeat: true } : content, false);
    const id = newId();
    // Nobody knows whether the next anonymous visitor is the same one: nothing is resumed.
    const name = this.learner === null ? id : nameOf(start);
    // Looked up first: once it is stored nothing that goes wrong may deny it.
    const before = await this.inQueue((queue) => queue.state(name));
    await this.store(name, id, "start", body);
    const session = new Session(this, id, name, afterStart(before, start));
    this.sessions.add(new WeakRef(session));
    if (name !== id) this.visits.set(name, id);
    await this.stored();
    return session;
  }

  /** What a content will be once all that waits is sent, as this device knows it; no visit is begun. */
  async state(content: Content): Promise<SessionState> {
    checkContent(content);
    return this.inQueue((queue) => queue.state(nameOf(content)));
  }

  /** How the queue is, and its sender. */
  async status(): Promise<Status> {
    const counts = await this.inQueue((queue) => queue.counts());
    const { queue, state, trouble } = await this.sending;
    return { ...counts, durable: queue.durable, state, trouble };
  }

  /** Send what waits now, and wait until it is sent, for so many seconds at the most. */
  async sync(seconds: number): Promise<Status> {
    await this.untilSent(seconds);
    return this.status();
  }

  /** What the service has refused for good, with its answers, oldest first. */
  async aside(): Promise<Aside[]> {
    return this.inQueue((queue) => queue.aside());
  }

  /**
   * Send again what was set aside, all or this item, with a start those of its session too; how many. What was refused
   * for its moment alone (a device's clock that began in 1970) is sent with that of now, and what belongs to a visit
   * that the service has forgotten with the content's latest visit here.
   */
  async retry(key?: string): Promise<number> {
    const count = await this.inQueue((queue) => queue.retry(key, this.now, this.visits));
    (await this.sending).hurry();
    await this.refresh();
    await this.changed();
    return count;
  }

  /** Forget an item that was set aside; whether there was one. */
  async discard(key: string): Promise<boolean> {
    const found = await this.inQueue((queue) => queue.discard(key));
    await this.changed();
    return found;
  }

  /** Send what waits, for so many seconds at the most, and close. What still waits then is sent next time. */
  async close(seconds = 5): Promise<void> {
    if (this.stop.signal.aborted) return;
    if (seconds > 0) await this.sync(seconds).catch(() => {}); // where there is nothing to be sent from
    this.stop.abort();
    await this.running;
    (await this.sending).queue.close();
  }

  /** @internal */
  async update(session: Session, update: Update): Promise<SessionState> {
    checkUpdate(update);
    const [body, sent] = encoded(update, this.learner === null);
    checkUpdate(sent);
    const { id, content } = session;
    await this.store(content, id, "update", body);
    for (const each of this.alive()) {
      if (each.content === content) each.state = afterUpdate(each.state, sent);
    }
    await this.stored();
    return session.state;
  }

  /** @internal */
  async untilSent(seconds: number, session?: string): Promise<void> {
    const end = performance.now() + seconds * 1000;
    const left = (): number => (end - performance.now()) / 1000;
    (await this.sending).hurry();
    const waiter = new Signal();
    this.waiters.add(waiter);
    try {
      while ((await this.inQueue((queue) => queue.waiting(session))) > 0 && left() > 0) {
        await waiter.within(left(), this.stop.signal, true);
      }
    } finally {
      this.waiters.delete(waiter);
    }
    await this.refresh(); // another tab may have sent it
  }

  private async store(content: string, session: string, kind: ItemKind, body: string): Promise<void> {
    await this.inQueue((queue) => queue.add({ content, session, kind, body }, this.now));
  }

  private async stored(): Promise<void> {
    (await this.sending).wake();
    await this.changed();
  }

  private readonly now = (): string => {
    const at = this.clock();
    // The API writes years in four digits.
    if (!(at > -6e13 && at < 2.5e14)) throw new LearntrackError("The device's clock tells no moment.");
    return new Date(at).toISOString();
  };

  private readonly hurry = (): void => void this.sending.then((sender) => sender.hurry());

  /** Let sessions know what the service has told, where that can be other than what was expected. */
  private readonly settled = async ({ recorded, aside }: Verdict): Promise<void> => {
    const told = [...recorded.filter(({ item }) => item.kind === "start"), ...aside];
    const contents = new Set(told.map(({ item }) => item.content));
    const waiting = await this.inQueue((queue) => queue.waiting());
    await this.refresh((content) => waiting === 0 || contents.has(content));
    await this.changed();
  };

  /** Look up the state of these contents' sessions, or of all. */
  private async refresh(wanted = (_content: string): boolean => true): Promise<void> {
    for (const session of this.alive()) {
      if (wanted(session.content)) session.state = await this.inQueue((queue) => queue.state(session.content));
    }
  }

  /** Do this with the queue; what goes wrong has a name. */
  private async inQueue<T>(work: (queue: Queue) => Promise<T>): Promise<T> {
    if (this.stop.signal.aborted) throw new Closed("The client is closed.");
    try {
      return await work((await this.sending).queue);
    } catch (error) {
      if (error instanceof LearntrackError) throw error;
      throw new QueueUnusable(`The queue cannot be used: ${messageOf(error)}. Nothing was stored.`);
    }
  }

  /** Tell who waits, and the app. What has been stored is: nothing that goes wrong here may deny it. */
  private readonly changed = async (): Promise<void> => {
    for (const waiter of this.waiters) waiter.give();
    const { onChange } = this;
    if (!onChange || this.stop.signal.aborted) return;
    const failed = (error: unknown): void => {
      if (!(error instanceof Closed)) console.error("learntrack: onChange failed", error);
    };
    try {
      const status = await this.status();
      const text = JSON.stringify(status);
      if (text === this.last) return;
      this.last = text;
      Promise.resolve(onChange(status)).catch(failed);
    } catch (error) {
      failed(error);
    }
  };

  private *alive(): Generator<Session> {
    for (const each of this.sessions) {
      const session = each.deref();
      if (session) yield session;
      else this.sessions.delete(each);
    }
  }
}

async function opened(name: string, learner: string, bounds: Bounds, stop: AbortSignal): Promise<Queue> {
  if (globalThis.indexedDB) {
    try {
      const queue = new IndexedDbQueue(name, learner, bounds, stop);
      await queue.counts();
      return queue;
    } catch (error) {
      console.warn("learntrack: the queue ends with this page", error);
    }
  }
  return new MemoryQueue(learner, bounds);
}
