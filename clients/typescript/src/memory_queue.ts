// A queue in memory, where there is no IndexedDB (node, some private windows): it ends with the page.
import type { Item, Verdict } from "./judging.js";
import type { SessionState } from "./local_state.js";
import { type Done, Queue, type Stored, type Totals, comingBack, expected, learned } from "./queue.js";

export class MemoryQueue extends Queue {
  readonly durable = false;
  private readonly items = new Map<string, Stored>(); // by key, in order
  private readonly states = new Map<string, SessionState>();
  private readonly total: Totals = { items: 0, waiting: 0, bytes: 0 };
  private last = 0;

  async add(done: Done, now: () => string): Promise<void> {
    const item = this.newItem(done, now, this.total.items, this.total.bytes);
    this.put({ ...item, number: ++this.last });
  }

  async settle({ recorded, aside, tried }: Verdict): Promise<void> {
    for (const { item, answer } of recorded) {
      this.remove(item.key);
      this.states.set(item.content, learned(this.states.get(item.content), item, answer));
    }
    for (const { item, problem } of aside) this.change(item, { aside: 1, problem });
    for (const item of tried) this.change(item, { tries: item.tries + 1 });
  }

  async state(content: string): Promise<SessionState> {
    const waiting = this.those((item) => !item.aside && item.content === content);
    return expected(this.states.get(content), waiting);
  }

  async retry(key: string | undefined, now: () => string): Promise<number> {
    const back = comingBack(this.those((item) => item.aside === 1), key, now);
    for (const item of back) this.put(item);
    return back.length;
  }

  async discard(key: string): Promise<boolean> {
    return this.items.get(key)?.aside === 1 && this.remove(key);
  }

  async waitingOf(session: string): Promise<number> {
    return this.those((item) => !item.aside && item.session === session).length;
  }

  close(): void {}

  protected async totals(): Promise<Totals> {
    return this.total;
  }

  protected async list(aside: 0 | 1, most?: number): Promise<Stored[]> {
    return this.those((item) => item.aside === aside).slice(0, most);
  }

  private those(fits: (item: Stored) => boolean): Stored[] {
    return [...this.items.values()].filter(fits);
  }

  private change({ key }: Item, to: Partial<Stored>): void {
    const item = this.items.get(key);
    if (item) this.put({ ...item, ...to });
  }

  /** Store an item in its place. */
  private put(item: Stored): void {
    this.count(this.items.get(item.key), -1);
    this.items.set(item.key, item);
    this.count(item, 1);
  }

  private remove(key: string): boolean {
    this.count(this.items.get(key), -1);
    return this.items.delete(key);
  }

  private count(item: Stored | undefined, sign: 1 | -1): void {
    if (!item) return;
    this.total.items += sign;
    this.total.waiting += item.aside ? 0 : sign;
    this.total.bytes += sign * item.bytes;
  }
}
