// The queue in IndexedDB, which all tabs and workers of an origin share. Transactions are strict: what was stored is on
// the disk, so that neither a reload nor a power cut takes anything of it.
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB } from "idb";
import { NOTHING_KNOWN, type SessionState } from "./local_state.js";
import { QueueFull } from "./problems.js";
import { limited } from "./signal.js";
import { type Bounds, FULL, Queue, type Store, type Stored, type Totals } from "./queue.js";

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

const STATES_KEPT = 1000;
const OPEN_SECONDS = 20; // some private windows never open one, nor does a tab where another keeps an old form

export class IndexedDbQueue extends Queue {
  readonly durable = true;

  private opening: Promise<IDBPDatabase<Form>> | undefined;

  constructor(
    private readonly name: string,
    learner: string,
    bounds: Bounds,
    private readonly stop: AbortSignal,
  ) {
    super(learner, bounds);
  }

  /** The database; made if it is not there, and opened again where the browser has ended the connection. */
  private get db(): Promise<IDBPDatabase<Form>> {
    const again = (): void => void (this.opening = undefined);
    const open = async (): Promise<IDBPDatabase<Form>> =>
      openDB<Form>(this.name, 1, {
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
      });
    return (this.opening ??= limited(OPEN_SECONDS, this.stop, open).catch((error: unknown) => {
      again();
      throw error;
    }));
  }

  close(): void {
    void this.opening?.then(
      (db) => db.close(),
      () => {},
    );
  }

  protected async within<T>(work: (store: Store) => Promise<T>, mode: Mode = "readonly"): Promise<T> {
    const all = (await this.db).transaction(["items", "states", "totals"], mode, { durability: "strict" });
    all.done.catch(() => {}); // until somebody waits for it, below
    try {
      const found = await work(storeOf(this.learner, all as IDBPTransaction<Form, Name[], "readwrite">));
      await all.done;
      return found;
    } catch (error) {
      const why = all.error ?? (error as Error); // what is under way when a browser ends it only says that it was ended
      try {
        all.abort();
      } catch {
        // it has ended by itself
      }
      throw why.name === "QuotaExceededError" ? new QueueFull(FULL) : why;
    }
  }
}

/** A learner's part of the stores of a transaction. */
function storeOf(learner: string, all: IDBPTransaction<Form, Name[], "readwrite">): Store {
  const [items, states, sums] = [all.objectStore("items"), all.objectStore("states"), all.objectStore("totals")];
  const [order, newest] = [items.index("order"), states.index("newest")];
  const totals = async (): Promise<Totals> => {
    const { items, bytes } = (await sums.get(learner)) ?? { items: 0, bytes: 0 };
    return { items, bytes, waiting: await order.count([learner, 0]) };
  };
  const grow = async (by: number, more: number): Promise<void> => {
    const { items, bytes } = await totals();
    await sums.put({ learner, items: items + by, bytes: bytes + more });
  };
  return {
    totals,
    async item(key) {
      const item = await items.index("key").get(key);
      return item?.learner === learner ? item : undefined;
    },
    list: (aside, most) => order.getAll([learner, aside], most),
    ofContent: (content) => items.index("content").getAll([learner, content, 0]),
    ofSession: (session) => items.index("session").count([learner, session, 0]),
    async add(item) {
      await items.add(item as Stored);
      await grow(1, item.bytes);
    },
    put: (item) => items.put(item),
    async remove({ number, bytes }) {
      await items.delete(number);
      await grow(-1, -bytes);
    },
    state: async (content) => (await states.get([learner, content]))?.state ?? NOTHING_KNOWN,
    async learn({ content, number }, state) {
      await states.put({ learner, content, number, state });
      // What is known of the contents that were visited last is kept.
      const own = IDBKeyRange.bound([learner], [learner, []]);
      if ((await newest.count(own)) > STATES_KEPT) await states.delete((await newest.getKey(own)) as [string, string]);
    },
  };
}
