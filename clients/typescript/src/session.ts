// A visit, as an app sees it.
import type { Client } from "./client.js";
import type { SessionState } from "./local_state.js";
import type { Update } from "./shapes.js";

/** A visit. `state` is what its content will be once all that waits is sent. */
export class Session {
  /** @internal What tells its content from others. */
  readonly content: string;

  /** @internal */
  constructor(
    private readonly client: Client,
    readonly id: string,
    content: string,
    public state: SessionState,
  ) {
    this.content = content;
  }

  /**
   * Record what happened since the last update. Once it resolves, it is stored, with what the content will be. Rejects
   * with `InvalidFields` where a field is out of its range or of the wrong type, `QueueFull` where there is no room,
   * `QueueUnusable` where it cannot be stored, `Closed`.
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
    await this.client.untilSent(seconds, this.id);
    return this.state;
  }
}
