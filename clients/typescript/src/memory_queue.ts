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
  private items: Stored[] = [];
  private readonly states = new Map<string, SessionState>();
  private last = 0;

  constructor(
    private readonly learner: string,
    private readonly bounds: Bounds,
  ) {}

  async add(content: string, session: string, kind: ItemKind, body: string, now: () => string): Promise<void> {
    const item = newItem(this.learner, content, session, kind, body, now);
    checkRoom(this.bounds, await this.counts(), item.bytes);
    this.items.push({ ...item, number: ++this.last });
  }

  async next(mostItems: number, mostBytes: number): Promise<Item[]> {
    return fitting(this.waiting().slice(0, mostItems), mostBytes);
  }

  async settle(verdict: Verdict): Promise<void> {
    for (const { item, answer } of verdict.recorded) {
      if (!this.items.some((each) => each.key === item.key)) continue;
      this.items = this.items.filter((each) => each.key !== item.key);
      this.states.set(item.content, learned(this.states.get(item.content), item, answer));
    }
    for (const { item, problem } of verdict.aside) this.change(item, { aside: 1, problem });
    for (const item of verdict.tried) this.change(item, { tries: item.tries + 1 });
  }

  async state(content: string): Promise<SessionState> {
    return expected(
      this.states.get(content),
      this.waiting().filter((item) => item.content === content),
    );
  }

  async aside(): Promise<Aside[]> {
    return this.refused().map(shownAside);
  }

  async retry(key: string | undefined, now: () => string): Promise<number> {
    const back = comingBack(this.refused(), key, now);
    for (const item of back) this.change(item, item);
    return back.length;
  }

  async discard(key: string): Promise<boolean> {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.key !== key || !item.aside);
    return this.items.length < before;
  }

  async counts(): Promise<Counts> {
    const bytes = this.items.reduce((sum, item) => sum + item.bytes, 0);
    return { items: this.items.length, waiting: this.waiting().length, bytes };
  }

  async waitingOf(session: string): Promise<number> {
    return this.waiting().filter((item) => item.session === session).length;
  }

  close(): void {}

  private waiting(): Stored[] {
    return this.items.filter((item) => !item.aside);
  }

  private refused(): Stored[] {
    return this.items.filter((item) => item.aside);
  }

  private change(item: Item, to: Partial<Stored>): void {
    this.items = this.items.map((each) => (each.key === item.key ? { ...each, ...to } : each));
  }
}
