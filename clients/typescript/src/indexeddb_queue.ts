// The queue in IndexedDB, which all tabs and workers of an origin share. Transactions are strict: what was stored is on
// the disk, so that neither a reload nor a power cut takes anything of it.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Item, Verdict } from "./judging.js";
import type { SessionState } from "./local_state.js";
import { QueueFull } from "./problems.js";
import {
  type Bounds,
  type Counts,
  type Queue,
  type Stored,
  FULL,
  checkRoom,
  comingBack,
  expected,
  fitting,
  learned,
  newItem,
  shownAside,
} from "./queue.js";
import type { Aside, ItemKind } from "./shapes.js";

interface Form extends DBSchema {
  items: {
    key: number;
    value: Stored;
    indexes: {
      key: string;
      order: [string, number];
      content: [string, string, number];
      session: [string, string, number];
    };
  };
  /** As the service has told it last; `number` is that of the item that it was learnt by. */
  states: {
    key: [string, string];
    value: { learner: string; content: string; number: number; state: SessionState };
    indexes: { newest: [string, number] };
  };
  totals: { key: string; value: { learner: string; items: number; bytes: number } };
}

const STATES_KEPT = 1000;
const STRICT = { durability: "strict" } as const;

export class IndexedDbQueue implements Queue {
  readonly durable = true;

  private opening: Promise<IDBPDatabase<Form>> | null = null;

  private constructor(
    private readonly name: string,
    private readonly learner: string,
    private readonly bounds: Bounds,
  ) {}

  /** Opens the database of this name; makes it if it is not there. */
  static async open(name: string, learner: string, bounds: Bounds): Promise<IndexedDbQueue> {
    const queue = new IndexedDbQueue(name, learner, bounds);
    await queue.db;
    return queue;
  }

  /** The database; opened again where the browser has ended the connection. */
  private get db(): Promise<IDBPDatabase<Form>> {
    const again = (): null => (this.opening = null);
    return (this.opening ??= opened(this.name, again).catch((error: unknown) => {
      again();
      throw error;
    }));
  }

  async add(content: string, session: string, kind: ItemKind, body: string, now: () => string): Promise<void> {
    const change = (await this.db).transaction(["items", "totals"], "readwrite", STRICT);
    const totals = change.objectStore("totals");
    const total = (await totals.get(this.learner)) ?? { learner: this.learner, items: 0, bytes: 0 };
    const item = newItem(this.learner, content, session, kind, body, now);
    try {
      checkRoom(this.bounds, { ...total, waiting: 0 }, item.bytes);
    } catch (full) {
      await change.done;
      throw full;
    }
    const more = { ...total, items: total.items + 1, bytes: total.bytes + item.bytes };
    try {
      await Promise.all([totals.put(more), change.objectStore("items").add(item as Stored), change.done]);
    } catch (error) {
      if ((error as DOMException).name !== "QuotaExceededError") throw error;
      throw new QueueFull(FULL);
    }
  }

  async next(mostItems: number, mostBytes: number): Promise<Item[]> {
    return fitting(await (await this.db).getAllFromIndex("items", "order", [this.learner, 0], mostItems), mostBytes);
  }

  async settle(verdict: Verdict): Promise<void> {
    const change = (await this.db).transaction(["items", "states", "totals"], "readwrite", STRICT);
    const [items, states] = [change.objectStore("items"), change.objectStore("states")];
    const written: Promise<unknown>[] = [];
    let [gone, bytes] = [0, 0];
    for (const { item, answer } of verdict.recorded) {
      const stored = await items.get(item.number);
      if (stored?.key !== item.key) continue;
      [gone, bytes] = [gone + 1, bytes + stored.bytes];
      const { learner, content, number } = stored;
      const before = await states.get([learner, content]);
      const state = learned(before?.state, item, answer);
      written.push(items.delete(number), states.put({ learner, content, number, state }));
    }
    const changes: [Item, Partial<Stored>][] = [
      ...verdict.aside.map(({ item, problem }): [Item, Partial<Stored>] => [item, { aside: 1, problem }]),
      ...verdict.tried.map((item): [Item, Partial<Stored>] => [item, { tries: item.tries + 1 }]),
    ];
    for (const [item, to] of changes) {
      const stored = await items.get(item.number);
      if (stored) written.push(items.put({ ...stored, ...to }));
    }
    const total = await change.objectStore("totals").get(this.learner);
    if (total && gone > 0) {
      const less = { ...total, items: total.items - gone, bytes: total.bytes - bytes };
      written.push(change.objectStore("totals").put(less));
      await this.forgetOldest(states);
    }
    await Promise.all([...written, change.done]);
  }

  async state(content: string): Promise<SessionState> {
    const look = (await this.db).transaction(["items", "states"]);
    const known = await look.objectStore("states").get([this.learner, content]);
    const waiting = await look.objectStore("items").index("content").getAll([this.learner, content, 0]);
    return expected(known?.state, waiting);
  }

  async aside(): Promise<Aside[]> {
    return (await (await this.db).getAllFromIndex("items", "order", [this.learner, 1])).map(shownAside);
  }

  async retry(key: string | undefined, now: () => string): Promise<number> {
    const change = (await this.db).transaction("items", "readwrite", STRICT);
    const back = comingBack(await change.store.index("order").getAll([this.learner, 1]), key, now);
    const written = back.map((item) => change.store.put(item));
    await Promise.all([...written, change.done]);
    return back.length;
  }

  async discard(key: string): Promise<boolean> {
    const change = (await this.db).transaction(["items", "totals"], "readwrite", STRICT);
    const item = await change.objectStore("items").index("key").get(key);
    const found = item?.aside === 1 && item.learner === this.learner;
    const total = await change.objectStore("totals").get(this.learner);
    const written: Promise<unknown>[] = [];
    if (found && total) {
      const less = { ...total, items: total.items - 1, bytes: total.bytes - item.bytes };
      written.push(change.objectStore("items").delete(item.number), change.objectStore("totals").put(less));
    }
    await Promise.all([...written, change.done]);
    return found;
  }

  async counts(): Promise<Counts> {
    const look = (await this.db).transaction(["items", "totals"]);
    const total = await look.objectStore("totals").get(this.learner);
    const waiting = await look.objectStore("items").index("order").count([this.learner, 0]);
    return { items: total?.items ?? 0, bytes: total?.bytes ?? 0, waiting };
  }

  async waitingOf(session: string): Promise<number> {
    return (await this.db).countFromIndex("items", "session", [this.learner, session, 0]);
  }

  close(): void {
    void this.opening?.then(
      (db) => db.close(),
      () => {},
    );
  }

  /** Keep what is known of the contents that were visited last. */
  private async forgetOldest(states: {
    index(name: "newest"): { count(range: IDBKeyRange): Promise<number>; openCursor(range: IDBKeyRange): Promise<Cursor> };
  }): Promise<void> {
    const own = IDBKeyRange.bound([this.learner], [this.learner, []]);
    let excess = (await states.index("newest").count(own)) - STATES_KEPT;
    for (let at = excess > 0 ? await states.index("newest").openCursor(own) : null; at && excess > 0; excess -= 1) {
      await at.delete();
      at = await at.continue();
    }
  }
}

type Cursor = { delete(): Promise<void>; continue(): Promise<Cursor> } | null;

async function opened(name: string, ended: () => void): Promise<IDBPDatabase<Form>> {
  return openDB<Form>(name, 1, {
    upgrade(made) {
      const items = made.createObjectStore("items", { keyPath: "number", autoIncrement: true });
      items.createIndex("key", "key", { unique: true });
      items.createIndex("order", ["learner", "aside"]);
      items.createIndex("content", ["learner", "content", "aside"]);
      items.createIndex("session", ["learner", "session", "aside"]);
      const states = made.createObjectStore("states", { keyPath: ["learner", "content"] });
      states.createIndex("newest", ["learner", "number"]);
      made.createObjectStore("totals", { keyPath: "learner" });
    },
    blocking: (_old, _new, event) => {
      (event.target as IDBDatabase).close(); // the app deletes it, or a later release makes another form
      ended();
    },
    terminated: ended,
  });
}
