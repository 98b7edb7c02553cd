// The queue in IndexedDB, which all tabs and workers of an origin share. Transactions are strict: what was stored is on
// the disk, so that neither a reload nor a power cut takes anything of it.
import { type DBSchema, type IDBPDatabase, type IDBPObjectStore, openDB } from "idb";
import type { Item, Verdict } from "./judging.js";
import type { SessionState } from "./local_state.js";
import { QueueFull } from "./problems.js";
import type { Bounds, Done, Stored, Totals } from "./queue.js";
import { FULL, Queue, comingBack, expected, learned } from "./queue.js";

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

type Name = "items" | "states" | "totals";
type Mode = "readonly" | "readwrite";
type Stores<M extends Mode> = { [N in Name]: IDBPObjectStore<Form, Name[], N, M> };

const STATES_KEPT = 1000;

export class IndexedDbQueue extends Queue {
  readonly durable = true;

  private opening: Promise<IDBPDatabase<Form>> | null = null;

  constructor(
    private readonly name: string,
    learner: string,
    bounds: Bounds,
  ) {
    super(learner, bounds);
  }

  /** The database; made if it is not there, and opened again where the browser has ended the connection. */
  private get db(): Promise<IDBPDatabase<Form>> {
    const again = (): null => (this.opening = null);
    return (this.opening ??= openDB<Form>(this.name, 1, {
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
        again();
      },
      terminated: again,
    }).catch((error: unknown) => {
      again();
      throw error;
    }));
  }

  async add(done: Done, now: () => string): Promise<void> {
    await this.transaction("readwrite", async ({ items, totals }) => {
      const total = await this.total(totals);
      const item = this.newItem(done, now, total.items, total.bytes);
      await items.add(item as Stored);
      await this.grow(totals, 1, item.bytes);
    });
  }

  async settle({ recorded, aside, tried }: Verdict): Promise<void> {
    await this.transaction("readwrite", async ({ items, states, totals }) => {
      for (const { item, answer } of recorded) {
        const stored = await items.index("key").get(item.key);
        if (!stored) continue;
        const { learner, content, number } = stored;
        const before = await states.get([learner, content]);
        await states.put({ learner, content, number, state: learned(before?.state, item, answer) });
        await items.delete(number);
        await this.grow(totals, -1, -stored.bytes);
      }
      const changed = async ({ key }: Item, to: Partial<Stored>): Promise<void> => {
        const stored = await items.index("key").get(key);
        if (stored) await items.put({ ...stored, ...to });
      };
      for (const { item, problem } of aside) await changed(item, { aside: 1, problem });
      for (const item of tried) await changed(item, { tries: item.tries + 1 });
      await this.forgetOldest(states);
    });
  }

  async state(content: string): Promise<SessionState> {
    return this.transaction("readonly", async ({ items, states }) => {
      const known = await states.get([this.learner, content]);
      return expected(known?.state, await items.index("content").getAll([this.learner, content, 0]));
    });
  }

  async retry(key: string | undefined, now: () => string): Promise<number> {
    return this.transaction("readwrite", async ({ items }) => {
      const back = comingBack(await items.index("order").getAll([this.learner, 1]), key, now);
      for (const item of back) await items.put(item);
      return back.length;
    });
  }

  async discard(key: string): Promise<boolean> {
    return this.transaction("readwrite", async ({ items, totals }) => {
      const item = await items.index("key").get(key);
      if (item?.aside !== 1 || item.learner !== this.learner) return false;
      await items.delete(item.number);
      await this.grow(totals, -1, -item.bytes);
      return true;
    });
  }

  async waitingOf(session: string): Promise<number> {
    return this.transaction("readonly", ({ items }) => items.index("session").count([this.learner, session, 0]));
  }

  close(): void {
    void this.opening?.then(
      (db) => db.close(),
      () => {},
    );
  }

  protected async totals(): Promise<Totals> {
    return this.transaction("readonly", async ({ items, totals }) => {
      const total = await this.total(totals);
      return { ...total, waiting: await items.index("order").count([this.learner, 0]) };
    });
  }

  protected async list(aside: 0 | 1, most?: number): Promise<Stored[]> {
    return this.transaction("readonly", ({ items }) => items.index("order").getAll([this.learner, aside], most));
  }

  /** Do this in one transaction, all of it or nothing. `work` awaits nothing but requests to the stores. */
  private async transaction<T, M extends Mode>(mode: M, work: (stores: Stores<M>) => Promise<T>): Promise<T> {
    const all = (await this.db).transaction(["items", "states", "totals"], mode, { durability: "strict" });
    all.done.catch(() => {}); // until somebody waits for it, below
    const [items, states] = [all.objectStore("items"), all.objectStore("states")];
    try {
      const found = await work({ items, states, totals: all.objectStore("totals") });
      await all.done;
      return found;
    } catch (error) {
      try {
        all.abort();
      } catch {
        // it has ended by itself
      }
      throw (error as DOMException).name === "QuotaExceededError" ? new QueueFull(FULL) : error;
    }
  }

  private async total(totals: { get: Stores<Mode>["totals"]["get"] }): Promise<Form["totals"]["value"]> {
    return (await totals.get(this.learner)) ?? { learner: this.learner, items: 0, bytes: 0 };
  }

  private async grow(totals: Stores<"readwrite">["totals"], items: number, bytes: number): Promise<void> {
    const total = await this.total(totals);
    await totals.put({ ...total, items: total.items + items, bytes: total.bytes + bytes });
  }

  /** Keep what is known of the contents that were visited last. */
  private async forgetOldest(states: Stores<"readwrite">["states"]): Promise<void> {
    const own = IDBKeyRange.bound([this.learner], [this.learner, []]);
    const excess = (await states.index("newest").count(own)) - STATES_KEPT;
    if (excess <= 0) return;
    for (const key of await states.index("newest").getAllKeys(own, excess)) await states.delete(key);
  }
}
