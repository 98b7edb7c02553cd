// Web Locks for tests, where node has none: one holder of a name, and the others after it.

type Work = (held: object | null) => Promise<unknown>;
interface Options {
  ifAvailable?: boolean;
  signal?: AbortSignal;
}

const last = new Map<string, Promise<unknown>>();
const held = new Set<string>();

async function request(name: string, options: Options, work: Work): Promise<unknown> {
  if (options.ifAvailable && held.has(name)) return work(null);
  const before = last.get(name);
  const aborted = new Promise<never>((_, reject) => {
    options.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
  });
  const turn = held.has(name) ? Promise.race([before, aborted]) : Promise.resolve();
  held.add(name);
  const done = turn.then(() => work({}));
  const all: Promise<unknown> = Promise.allSettled([before, done]).then(() => {
    if (last.get(name) === all) held.delete(name);
  });
  last.set(name, all);
  return done;
}

Object.defineProperty(globalThis, "navigator", { value: { locks: { request } }, configurable: true, writable: true });
