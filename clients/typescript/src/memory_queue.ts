// A queue in memory, where there is no IndexedDB (node, some private windows): it ends with the page.
import type { Item, Verdict } from "./judging.js";
import type { SessionState } from "./local_state.js";
import {
  type Bounds,
  type Counts,
  type Queue,
  type Stored,
  checkRoom,
  comingBack,
  expected,
  fitting,
  learned,
  newItem,
  shownAside,
} from "./queue.js";
import type { Aside, ItemKind } from "./shapes.js";

export class MemoryQueue implements Queue {
  readonly durable = false;
  private readonly items = new Map<string, Stored>(); // by key, in order
  private readonly states = new Map<string, SessionState>();
  private last = 0;
  private bytes = 0;
  private refused = 0;

  constructor(
    private readonly learner: string,
    private readonly bounds: Bounds,
  ) {}

  async add(content: string, session: string, kind: ItemKind, body: string, now: () => string): Promise<void> {
    const item = newItem(this.learner, content, session, kind, body, now);
    checkRoom(this.bounds, this.total(), item.bytes);
    this.items.set(item.key, { ...item, number: ++this.last });
    this.bytes += item.bytes;
  }

  async next(mostItems: number, mostBytes: number): Promise<Item[]> {
    const first: Stored[] = [];
    for (const item of this.items.values()) {
      if (item.aside) continue;
      if (first.length === mostItems) break;
      first.push(item);
    }
    return fitting(first, mostBytes);
  }

  async settle(verdict: Verdict): Promise<void> {
    for (const { item, answer } of verdict.recorded) {
      if (!this.remove(item.key)) continue;
      this.states.set(item.content, learned(this.states.get(item.content), item, answer));
    }
    for (const { item, problem } of verdict.aside) this.change(item, { aside: 1, problem });
    for (const item of verdict.tried) this.change(item, { tries: item.tries + 1 });
  }

  async state(content: string): Promise<SessionState> {
    return expected(
      this.states.get(content),
      this.those((item) => !item.aside && item.content === content),
    );
  }

  async aside(): Promise<Aside[]> {
    return this.those((item) => item.aside === 1).map(shownAside);
  }

  async retry(key: string | undefined, now: () => string): Promise<number> {
    const back = comingBack(
      this.those((item) => item.aside === 1),
      key,
      now,
    );
    for (const item of back) this.change(item, item);
    return back.length;
  }

  async discard(key: string): Promise<boolean> {
    return this.items.get(key)?.aside === 1 && this.remove(key);
  }

  async counts(): Promise<Counts> {
    return this.total();
  }

  async waitingOf(session: string): Promise<number> {
    return this.those((item) => !item.aside && item.session === session).length;
  }

  close(): void {}

  private total(): Counts {
    return { items: this.items.size, waiting: this.items.size - this.refused, bytes: this.bytes };
  }

  private those(fits: (item: Stored) => boolean): Stored[] {
    return [...this.items.values()].filter(fits);
  }

  private remove(key: string): boolean {
    const item = this.items.get(key);
    this.bytes -= item?.bytes ?? 0;
    this.refused -= item?.aside ?? 0;
    return this.items.delete(key);
  }

  private change({ key }: Item, to: Partial<Stored>): void {
    const before = this.items.get(key);
    if (before === undefined) return;
    this.items.set(key, { ...before, ...to });
    this.refused += (to.aside ?? before.aside) - before.aside;
  }
}
