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
export async function alone(name: string, stop: AbortSignal, busy: () => void, work: () => Promise<void>): Promise<void> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (locks === undefined) return aloneHere(name, stop, busy, work);
  const done = await locks.request(name, { ifAvailable: true }, async (held) => {
    if (held !== null) await work();
    return held !== null;
  });
  if (done) return;
  busy();
  await locks.request(name, { signal: stop }, work);
}

const here = new Map<string, Promise<unknown>>();

async function aloneHere(name: string, stop: AbortSignal, busy: () => void, work: () => Promise<void>): Promise<void> {
  const before = here.get(name);
  const turn = new Signal();
  const done = (async () => {
    if (before !== undefined) {
      busy();
      void before.then(() => turn.give());
      await turn.within(Infinity, stop);
    }
    if (!stop.aborted) await work();
  })();
  const all: Promise<unknown> = Promise.allSettled([before, done]).then(() => {
    if (here.get(name) === all) here.delete(name);
  });
  here.set(name, all);
  return done;
}
