// The client: visits are stored in the queue first, and sent by its one sender.
import { checkContent, checkUpdate } from "./checks.js";
import { IndexedDbQueue } from "./indexeddb_queue.js";
import type { Verdict } from "./judging.js";
import { type SessionState, afterUpdate } from "./local_state.js";
import { MemoryQueue } from "./memory_queue.js";
import type { Bounds, Queue } from "./queue.js";
import { Reading } from "./reading.js";
import { Sender } from "./sender.js";
import { Service, type TokenSource } from "./service.js";
import { type Aside, type Content, type Status, type Update, nameOf, plainId } from "./shapes.js";
import { Signal } from "./signal.js";

const NEARLY = 0.8;

export interface ClientOptions {
  /** The learner's id, a UUID; without it the visits are anonymous. */
  learner?: string | null;
  /**
   * The learner's token, or a function that returns one: called with the token that the service has refused (null: it
   * has none yet), it returns a fresh one, or null where nobody is signed in.
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
  /** Called with the `Status` whenever it has changed. */
  onChange?: (status: Status) => void;
  /** The device's clock, in milliseconds since 1970. */
  clock?: () => number;
}

/** Records one learner's visits. */
export class Client extends Reading {
  readonly learner: string | null;
  protected readonly service: Service;
  private readonly bounds: Bounds;
  private readonly stop = new AbortController();
  private readonly opened: Promise<Queue>;
  private readonly sending: Promise<Sender>;
  private readonly running: Promise<void>;
  private readonly sessions = new Set<WeakRef<Session>>();
  private waiters: Signal[] = [];
  private last = "";
  private readonly onChange: ((status: Status) => void) | undefined;
  private readonly clock: () => number;

  constructor(address: string, options: ClientOptions = {}) {
    super();
    this.learner = options.learner == null ? null : plainId(options.learner);
    this.onChange = options.onChange;
    this.clock = options.clock ?? Date.now;
    this.bounds = { mostItems: options.mostItems ?? 10_000, mostBytes: options.mostBytes ?? 64 * 1024 * 1024 };
    const source = this.learner === null ? null : (options.token ?? null);
    this.service = new Service(address, this.learner, source, this.stop.signal);
    const name = options.queue ?? "learntrack";
    this.opened = opened(name, this.learner ?? "", this.bounds);
    this.sending = this.opened.then((queue) => this.sender(queue, name, options));
    this.running = this.sending.then((sender) => sender.run());
    for (const event of ["online", "visibilitychange"]) {
      globalThis.addEventListener?.(event, this.hurry, { signal: this.stop.signal });
    }
  }

  /** Begin a visit. Its state is what this device knows; `await session.sync(2)` waits for the service's word. */
  async start(content: Content, options: { repeat?: boolean } = {}): Promise<Session> {
    checkContent(content);
    const queue = await this.opened;
    const id = plainId(crypto.randomUUID());
    const body = JSON.stringify(options.repeat ? { ...content, repeat: true } : content);
    await queue.add(nameOf(content), id, "start", body, this.now);
    const session = new Session(this, id, nameOf(content), await queue.state(nameOf(content)));
    this.sessions.add(new WeakRef(session));
    (await this.sending).wake();
    await this.changed();
    return session;
  }

  /** How the queue is, and its sender. */
  async status(): Promise<Status> {
    const [queue, sender] = [await this.opened, await this.sending];
    const { items, waiting, bytes } = await queue.counts();
    const { mostItems, mostBytes } = this.bounds;
    const nearly_full = items >= NEARLY * mostItems || bytes >= NEARLY * mostBytes;
    const { durable } = queue;
    return { waiting, aside: items - waiting, bytes, nearly_full, durable, state: sender.state, trouble: sender.trouble };
  }

  /** Send what waits now, and wait until it is sent, for so many seconds at the most. */
  async sync(seconds: number): Promise<Status> {
    await this.untilSent(async (queue) => (await queue.counts()).waiting, seconds);
    return this.status();
  }

  /** What the service has refused for good, with its answers, oldest first. */
  async aside(): Promise<Aside[]> {
    return (await this.opened).aside();
  }

  /**
   * Send again what was set aside, all or this item, with a start those of its session too; how many. What was refused
   * for its moment alone (a device's clock that began in 1970) is sent with that of now.
   */
  async retry(key?: string): Promise<number> {
    const count = await (await this.opened).retry(key, this.now);
    (await this.sending).hurry();
    await this.changed();
    return count;
  }

  /** Forget an item that was set aside; whether there was one. */
  async discard(key: string): Promise<boolean> {
    const found = await (await this.opened).discard(key);
    await this.changed();
    return found;
  }

  /** Send what waits, for so many seconds at the most, and close. What still waits then is sent next time. */
  async close(seconds = 5): Promise<void> {
    if (this.stop.signal.aborted) return;
    if (seconds > 0) await this.sync(seconds);
    this.stop.abort();
    await this.running;
    (await this.opened).close();
  }

  /** @internal */
  async update(session: Session, update: Update): Promise<SessionState> {
    checkUpdate(update);
    await (await this.opened).add(session.content, session.id, "update", JSON.stringify(update), this.now);
    for (const each of this.alive()) {
      if (each.content === session.content) each.state = afterUpdate(each.state, update);
    }
    (await this.sending).wake();
    await this.changed();
    return session.state;
  }

  /** @internal */
  async untilSent(waiting: (queue: Queue) => Promise<number>, seconds: number): Promise<void> {
    const [queue, sender, end] = [await this.opened, await this.sending, performance.now() + seconds * 1000];
    sender.hurry();
    const waiter = new Signal();
    this.waiters.push(waiter);
    while ((await waiting(queue)) > 0 && performance.now() < end && !this.stop.signal.aborted) {
      await waiter.within((end - performance.now()) / 1000, this.stop.signal, true);
    }
    this.waiters = this.waiters.filter((each) => each !== waiter);
    await this.refresh(); // another tab may have sent it
  }

  private sender(queue: Queue, name: string, options: ClientOptions): Sender {
    return new Sender({
      queue,
      service: this.service,
      lock: `${name} ${this.learner ?? ""}`,
      firstWait: options.firstWait ?? 1,
      longestWait: options.longestWait ?? 60,
      now: this.now,
      stop: this.stop.signal,
      changed: () => this.changed(),
      settled: (found) => this.settled(found),
    });
  }

  private readonly now = (): string => new Date(this.clock()).toISOString();

  private readonly hurry = (): void => void this.sending.then((sender) => sender.hurry());

  /** Let sessions know what the service has told, where that can be other than what was expected. */
  private async settled(found: Verdict): Promise<void> {
    const started = found.recorded.some(({ item }) => item.kind === "start");
    if (started || found.aside.length > 0 || (await (await this.opened).counts()).waiting === 0) await this.refresh();
    await this.changed();
  }

  private async refresh(): Promise<void> {
    const queue = await this.opened;
    for (const session of this.alive()) session.state = await queue.state(session.content);
  }

  private async changed(): Promise<void> {
    for (const waiter of this.waiters) waiter.give();
    if (this.onChange === undefined || this.stop.signal.aborted) return;
    const status = await this.status();
    const text = JSON.stringify(status);
    if (text !== this.last) {
      this.last = text;
      try {
        this.onChange(status);
      } catch (error) {
        console.error("learntrack: onChange failed", error);
      }
    }
  }

  private alive(): Session[] {
    const found: Session[] = [];
    for (const each of this.sessions) {
      const session = each.deref();
      if (session === undefined) this.sessions.delete(each);
      else found.push(session);
    }
    return found;
  }
}

/** A visit. `state` is what its content will be once all that waits is sent. */
export class Session {
  /** @internal */
  constructor(
    private readonly client: Client,
    readonly id: string,
    readonly content: string,
    public state: SessionState,
  ) {}

  /**
   * Record what happened since the last update. Once it resolves, it is stored, with what the content will be. Rejects
   * with `InvalidFields` where a field is out of its range, `QueueFull` where there is no room.
   */
  update(update: Update): Promise<SessionState> {
    return this.client.update(this, update);
  }

  /** Record that the content is done: an update with progress 1. */
  finish(): Promise<SessionState> {
    return this.update({ progress: 1 });
  }

  /** Send what waits now, and wait until this visit's part of it is sent, for so many seconds at the most. */
  async sync(seconds: number): Promise<SessionState> {
    await this.client.untilSent((queue) => queue.waitingOf(this.id), seconds);
    return this.state;
  }
}

async function opened(name: string, learner: string, bounds: Bounds): Promise<Queue> {
  if (globalThis.indexedDB !== undefined) {
    try {
      return await IndexedDbQueue.open(name, learner, bounds);
    } catch (error) {
      console.warn("learntrack: IndexedDB cannot be used; the queue ends with this page", error);
    }
  }
  return new MemoryQueue(learner, bounds);
}
