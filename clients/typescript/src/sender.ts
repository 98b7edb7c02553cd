// The one sender of a learner's queue: sends what waits, oldest first, and waits longer each time that it cannot.
import { type Item, type Verdict, judge, verdict } from "./judging.js";
import { SignedOut, messageOf } from "./problems.js";
import { type Queue, batch } from "./queue.js";
import type { Service } from "./service.js";
import type { SenderState } from "./shapes.js";
import { Signal, alone } from "./signal.js";

const BATCH_ITEMS = 100;
const BATCH_BYTES = 512 * 1024; // less than the smallest body that the service takes by default, an anonymous one
const LOOK_AGAIN = 30; // seconds after which an idle sender looks whether another tab has left something
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
  private signedOut: string | null = null;
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
    const { lock, stop } = this.given;
    while (!stop.aborted) {
      try {
        this.signedOut = null;
        const busy = (): void => void this.turn("elsewhere");
        if ((await this.queue.counts()).waiting > 0) await alone(lock, stop, busy, () => this.drain());
        if (this.signedOut === null) {
          await this.turn("idle");
          await this.woken.within(LOOK_AGAIN, stop);
        } else {
          await this.pause("signed_out", this.signedOut); // another tab may have a token that is taken
        }
      } catch (error) {
        if (stop.aborted) return;
        if (this.failures === 0) console.error("learntrack: the queue could not be sent", error);
        await this.pause("waiting", `The queue cannot be sent. ${messageOf(error)}`);
      }
    }
  }

  /** Send until nothing waits, or the token is refused: then `signedOut` says why. */
  private async drain(): Promise<void> {
    const { stop } = this.given;
    for (;;) {
      const items = stop.aborted ? [] : await this.queue.next(this.most, BATCH_BYTES);
      if (items.length === 0) return;
      if (this.failures === 0) await this.turn("sending");
      const found = await this.sent(items);
      if (stop.aborted) return;
      await this.queue.settle(found);
      await this.given.settled(found);
      this.most = found.narrower ? Math.max(1, items.length >> 1) : Math.min(BATCH_ITEMS, this.most * 2);
      if (found.signed_out) {
        this.signedOut = found.trouble;
        return;
      }
      if (found.wait) await this.pause("waiting", found.trouble, found.retryAfter ?? 0);
      else this.failures = 0;
    }
  }

  private async sent(items: Item[]): Promise<Verdict> {
    try {
      return judge(items, await this.given.service.send("POST", PATH, batch(items, this.given.now())));
    } catch (error) {
      if (!(error instanceof SignedOut)) throw error;
      return verdict({ signed_out: true, wait: true, trouble: error.message });
    }
  }

  /**
   * Wait: twice as long each time up to the longest, a random part of it less, so that devices that lost the service
   * together do not come back together. A hurry ends it, but not before Retry-After.
   */
  private async pause(state: SenderState, trouble: string | null, retryAfter = 0): Promise<void> {
    const { firstWait, longestWait, stop } = this.given;
    const seconds = Math.min(longestWait, firstWait * 2 ** this.failures) * (0.5 + Math.random() / 2);
    this.failures = Math.min(this.failures + 1, 20);
    await this.turn(state, trouble);
    if (retryAfter > 0) await new Signal().within(retryAfter, stop);
    await this.hurried.within(Math.max(0, seconds - retryAfter), stop);
  }

  private async turn(state: SenderState, trouble: string | null = null): Promise<void> {
    [this.state, this.trouble] = [state, trouble];
    await this.given.changed();
  }
}
