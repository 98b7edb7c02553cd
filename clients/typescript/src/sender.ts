// The one sender of a learner's queue: sends what waits, oldest first, and waits longer each time that it cannot.
import { type Answer, type Item, type Verdict, judge, problemIn, verdict } from "./judging.js";
import { QueueFull, SignedOut, messageOf } from "./problems.js";
import { type Queue, batch } from "./queue.js";
import type { Service } from "./service.js";
import type { SenderState } from "./shapes.js";
import { Signal } from "./signal.js";

const BATCH_ITEMS = 100;
const BATCH_BYTES = 512 * 1024; // less than the smallest body that the service takes by default, an anonymous one
const LOOK_AGAIN = 30; // seconds after which an idle sender looks whether another tab has left something
const NO_ROOM = "There is no room on the disk: what has been sent stays in the queue.";
const PATH = "/api/logger/contentsession/batch";

export interface SenderOptions {
  service: Service;
  /** The name that only one sender holds at a time. */
  lock: string;
  firstWait: number;
  longestWait: number;
  now: () => string;
  stop: AbortSignal;
  /** Called whenever the sender is in another state. */
  changed: () => Promise<void>;
  /** Called with what became of a batch. */
  settled: (verdict: Verdict) => Promise<void>;
}

export class Sender {
  state: SenderState = "idle";
  trouble: string | null = null;
  private readonly woken = new Signal();
  private readonly hurried = new Signal();
  private failures = 0;
  private due = 0;
  private most = BATCH_ITEMS;

  constructor(
    readonly queue: Queue,
    private readonly given: SenderOptions,
  ) {}

  /** There is something new to send. It does not shorten a wait. */
  wake(): void {
    this.woken.give();
  }

  /** Send now, for example because the network is back. A Retry-After is kept all the same. */
  hurry(): void {
    this.hurried.give();
    this.woken.give();
  }

  /** Send until stopped; what is under way then is sent again by the next sender, with the same keys. */
  async run(): Promise<void> {
    const { stop } = this.given;
    while (!stop.aborted) {
      try {
        const signedOut = (await this.queue.waiting()) > 0 ? await this.alone() : null;
        if (signedOut === null) {
          await this.turn("idle");
          await this.woken.within(LOOK_AGAIN, stop);
        } else {
          await this.pause("signed_out", signedOut); // another tab may have a token that is taken
        }
      } catch (error) {
        if (stop.aborted) return;
        const trouble = error instanceof QueueFull ? NO_ROOM : `The queue cannot be sent. ${messageOf(error)}`;
        if (this.failures === 0) console.error("learntrack:", trouble, error);
        await this.pause("waiting", trouble);
      }
    }
  }

  /** Drain as the only one in all tabs and workers, where there are Web Locks. */
  private async alone(): Promise<string | null> {
    const { lock, stop } = this.given;
    const drain = (): Promise<string | null> => this.drain();
    // A queue in memory is this page's own; in a frame of no origin nobody may have a lock either.
    const locks = this.queue.durable ? (globalThis.navigator?.locks as LockManager | undefined) : undefined;
    if (!locks) return drain();
    return locks.request(lock, { ifAvailable: true }, (held) => {
      if (held) return drain();
      void this.turn("elsewhere");
      return locks.request(lock, { signal: stop }, drain);
    });
  }

  /** Send until nothing waits, or the token is refused: why. */
  private async drain(): Promise<string | null> {
    const { stop } = this.given;
    for (;;) {
      const items = stop.aborted ? [] : await this.queue.next(this.most, BATCH_BYTES);
      if (items.length === 0) {
        await this.queue.settle();
        return null;
      }
      if (this.failures === 0) await this.turn("sending");
      const found = await this.sent(items);
      if (stop.aborted) return null;
      await this.queue.settle(found).catch(() => {}); // the queue keeps it in mind, and the rest is sent
      await this.given.settled(found);
      this.most = found.narrower ? Math.max(1, items.length >> 1) : Math.min(BATCH_ITEMS, this.most * 2);
      if (found.signed_out) return found.trouble ?? "";
      if (found.wait) await this.pause("waiting", found.trouble, found.retryAfter ?? 0);
      else this.failures = 0;
    }
  }

  private async sent(items: Item[]): Promise<Verdict> {
    const hurried = performance.now() < this.due;
    const { service, now } = this.given;
    const send = (these: Item[]): Promise<Answer | null> => service.send("POST", PATH, batch(these, now()));
    try {
      const answer = await send(items);
      const found = judge(items, answer, hurried);
      if (!found.unheard || items.length > 1) return found;
      const other = await send([]); // of a batch without items the service itself says that it is none
      return judge(items, answer, hurried, "items" in Object(other && problemIn(other)?.errors));
    } catch (error) {
      if (!(error instanceof SignedOut)) throw error;
      return verdict({ signed_out: true, wait: true, trouble: error.message });
    }
  }

  /**
   * Wait: twice as long each time up to the longest, a random part of it less, so that devices that lost the service
   * together do not come back together. A hurry ends it, but not before Retry-After.
   */
  private async pause(state: SenderState, trouble = "", retryAfter = 0): Promise<void> {
    const { firstWait, longestWait, stop } = this.given;
    const seconds = Math.min(longestWait, firstWait * 2 ** this.failures) * (0.5 + Math.random() / 2);
    this.failures += 1;
    const now = performance.now();
    if (now >= this.due) this.due = now + seconds * 1000;
    await this.turn(state, trouble);
    if (retryAfter > 0) await new Signal().within(retryAfter, stop);
    await this.hurried.within(Math.max(0, seconds - retryAfter), stop);
  }

  private async turn(state: SenderState, trouble: string | null = null): Promise<void> {
    [this.state, this.trouble] = [state, trouble];
    await this.given.changed();
  }
}
