// Waiting for something, for so long at the most.

/** What somebody waits for until it is given. */
export class Signal {
  private given = false;
  private waiting: (() => void)[] = [];

  /** Let those go on who wait, or the next who will. */
  give(): void {
    this.given = true;
    for (const go of this.waiting.splice(0)) go();
  }

  /** Wait until it is given, or the time is over, or `stop` says so; it is taken then. */
  async within(seconds: number, stop?: AbortSignal, holdsProcess = false): Promise<void> {
    if (!this.given && !stop?.aborted) {
      await new Promise<void>((go) => {
        const done = (): void => {
          clearTimeout(timer as number);
          stop?.removeEventListener("abort", done);
          this.waiting = this.waiting.filter((each) => each !== done);
          go();
        };
        const timer: unknown = setTimeout(done, Math.min(seconds * 1000, 2 ** 31 - 1));
        if (!holdsProcess) (timer as { unref?: () => void }).unref?.(); // node ends where nothing else is to be done
        this.waiting.push(done);
        stop?.addEventListener("abort", done);
      });
    }
    this.given = false;
  }
}

/** Do this as the only one of its name: in all tabs and workers where there are Web Locks, else in this page. */
export async function alone<T>(name: string, stop: AbortSignal, busy: () => void, work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (locks === undefined) return aloneHere(name, work);
  const atOnce = await locks.request(name, { ifAvailable: true }, async (held) =>
    held === null ? null : { done: await work() },
  );
  if (atOnce !== null) return atOnce.done;
  busy();
  return locks.request(name, { signal: stop }, work) as Promise<T>;
}

const here = new Map<string, Promise<unknown>>();

async function aloneHere<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = here.get(name) ?? Promise.resolve();
  const done = before.then(work, work);
  here.set(
    name,
    done.catch(() => undefined),
  );
  return done;
}
