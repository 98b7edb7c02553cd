// Waiting for something, for so long at the most.

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds

/**
 * What this comes to, if it does within so many seconds and before `stop`: else it rejects, and `over` says so. Node
 * ends meanwhile if nothing else is to be done, unless it `holdsProcess`.
 */
export async function limited<T>(
  seconds: number,
  stop: AbortSignal,
  work: (over: AbortSignal) => Promise<T>,
  holdsProcess = true,
): Promise<T> {
  const limit = new AbortController();
  const end = (): void => limit.abort();
  const timer: unknown = setTimeout(end, Math.min(seconds * 1000, LONGEST_TIMER));
  if (!holdsProcess) (timer as { unref?: () => void }).unref?.();
  const late = new Promise<never>((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(new Error("not in time")));
  });
  stop.addEventListener("abort", end);
  if (stop.aborted) end();
  try {
    return await Promise.race([work(limit.signal), late]);
  } finally {
    end();
    clearTimeout(timer as number);
    stop.removeEventListener("abort", end);
  }
}

/** What somebody waits for until it is given. */
export class Signal {
  private go = (): void => {};
  private given = this.next();

  /** Let the one go on who waits, or the next who will. */
  give(): void {
    this.go();
  }

  /** Wait until it is given, or the time is over, or `stop` says so; it is taken then. */
  async within(seconds: number, stop: AbortSignal, holdsProcess = false): Promise<void> {
    await limited(seconds, stop, () => this.given, holdsProcess).catch(() => {});
    this.given = this.next();
  }

  private next(): Promise<void> {
    return new Promise((go) => (this.go = go));
  }
}

/** Do this as the only one of its name in all tabs and workers, where there are Web Locks. `busy`: another one does. */
export async function alone(
  name: string,
  stop: AbortSignal,
  busy: () => void,
  work: () => Promise<void>,
): Promise<void> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (locks === undefined) return work();
  await locks.request(name, { ifAvailable: true }, (held) => {
    if (held !== null) return work();
    busy();
    return locks.request(name, { signal: stop }, work);
  });
}
