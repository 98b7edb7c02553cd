// A queue in memory, where there is no IndexedDB (node, some private windows): it ends with the page.
import { NOTHING_KNOWN, type SessionState } from "./local_state.js";
import { Queue, type Store, type Stored } from "./queue.js";

export class MemoryQueue extends Queue {
  readonly durable = false;
  private readonly store = storeInMemory();

  close(): void {}

  protected within<T>(work: (store: Store) => Promise<T>): Promise<T> {
    return work(this.store);
  }
}

function storeInMemory(): Store {
  const items = new Map<string, Stored>(); // by key, in order
  const states = new Map<string, SessionState>();
  const total = { items: 0, waiting: 0, bytes: 0 };
  let last = 0;
  const count = (item: Stored | undefined, sign: 1 | -1): void => {
    if (!item) return;
    total.items += sign;
    total.waiting += item.aside ? 0 : sign;
    total.bytes += sign * item.bytes;
  };
  const put = async (item: Stored): Promise<void> => {
    count(items.get(item.key), -1);
    items.set(item.key, item);
    count(item, 1);
  };
  const list = async (aside: 0 | 1, most?: number): Promise<Stored[]> =>
    [...items.values()].filter((item) => item.aside === aside).slice(0, most);
  return {
    totals: async () => total,
    item: async (key) => items.get(key),
    list,
    ofContent: async (content) => (await list(0)).filter((item) => item.content === content),
    ofSession: async (session) => (await list(0)).filter((item) => item.session === session).length,
    add: (item) => put({ ...item, number: ++last }),
    put,
    async remove({ key }) {
      count(items.get(key), -1);
      items.delete(key);
    },
    state: async (content) => states.get(content) ?? NOTHING_KNOWN,
    async learn({ content }, state) {
      states.set(content, state);
    },
  };
}
