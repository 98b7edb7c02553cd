// Waiting for something, for so long at the most.

const LONGEST_TIMER = 2 ** 31 - 1; // milliseconds

/**
 * What this comes to, if it does within so many seconds (`longer`: and so many more) and before `stop`: else it
 * rejects, and `over` says so. Node ends meanwhile if nothing else is to be done, unless it `holdsProcess`.
 */
export async function limited<T>(
  seconds: number,
  stop: AbortSignal,
  work: (over: AbortSignal, longer: (seconds: number) => void) => Promise<T>,
  holdsProcess = true,
): Promise<T> {
  const limit = new AbortController();
  const end = (): void => limit.abort();
  let [timer, until]: [unknown, number] = [null, performance.now()];
  const longer = (more: number): void => {
    clearTimeout(timer as number);
    until += more * 1000;
    timer = setTimeout(end, Math.min(until - performance.now(), LONGEST_TIMER));
  };
  longer(seconds);
  if (!holdsProcess) (timer as { unref?: () => void }).unref?.();
  const late = new Promise<never>((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(new Error("not in time")));
  });
  stop.addEventListener("abort", end, { signal: limit.signal });
  if (stop.aborted) end();
  try {
    return await Promise.race([work(limit.signal, longer), late]);
  } finally {
    end();
    clearTimeout(timer as number);
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
