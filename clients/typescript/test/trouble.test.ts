// Trouble while sending, and with what an app does: errors have names, and the sender goes on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Closed, QueueUnusable, SignedOut } from "../src/index.js";
import { IndexedDbQueue } from "../src/indexeddb_queue.js";
import { MemoryQueue } from "../src/memory_queue.js";
import { Played, VIDEO, onBoth, problem, real, until } from "./played.js";

onBoth("what is stored is not denied, and the sender goes on, when the queue cannot be read", async (played, queue) => {
  played.refuse = () => problem(503);
  const app = played.client(queue, { onChange: () => undefined });
  const session = await app.start(VIDEO);
  const kind = (await app.status()).durable ? IndexedDbQueue : MemoryQueue;
  const counts = kind.prototype.counts;
  kind.prototype.counts = () => Promise.reject(new Error("disk I/O error"));
  try {
    await session.update({ time_spent_delta: 1 });
    await assert.rejects(app.status(), QueueUnusable);
    await assert.rejects(app.sync(0), QueueUnusable);
  } finally {
    kind.prototype.counts = counts;
  }
  played.refuse = () => null;
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.equal(played.items.length, 2);
});

onBoth("a client that is closed says so", async (played, queue) => {
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  for (const late of [
    () => session.finish(),
    () => app.start(VIDEO),
    () => app.status(),
    () => app.aside(),
    () => app.retry(),
    () => app.me(),
    () => app.tries().next(),
    () => session.sync(1),
  ]) {
    await assert.rejects(late, Closed);
  }
  assert.equal(played.items.length, 1);
});

onBoth("a client can be closed though its token never comes", async (played, queue) => {
  const app = played.client(queue, { token: () => new Promise<string>(() => {}) });
  await app.start(VIDEO);
  await app.close(0.001);
  assert.equal(played.requests.length, 0);
});

onBoth("an onChange that fails later stops nothing either", async (played, queue) => {
  const app = played.client(queue, { onChange: () => Promise.reject(new Error("the app's")) });
  await (await app.start(VIDEO)).finish();
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
});

onBoth("a tab that is signed out keeps no other from sending", async (played, queue) => {
  if (globalThis.indexedDB === undefined) return; // two queues in memory are two queues
  const signedOut = played.client(queue, { token: () => null, firstWait: 60 });
  await signedOut.start(VIDEO);
  await until(signedOut, "signed_out");
  const signedIn = played.client(queue);
  await signedIn.start(VIDEO);
  assert.equal((await signedIn.sync(20)).waiting, 0);
  await assert.rejects(signedOut.me(), SignedOut);
  await Promise.all([signedOut.close(0), signedIn.close()]);
  assert.equal(played.items.length, 2);
});

onBoth("a clock that jumps changes no order, and one that is none stores nothing", async (played, queue) => {
  let clock = 4e12;
  const app = played.client(queue, { clock: () => clock });
  played.refuse = () => problem(503);
  const session = await app.start(VIDEO);
  for (const [at, moment] of [0, Date.now(), -5000].entries()) {
    clock = moment;
    await session.update({ extra_fields: { at } });
  }
  clock = NaN;
  await assert.rejects(session.update({ progress: 1 }), { name: "LearntrackError" });
  clock = Date.now();
  played.refuse = () => null;
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  const sent = played.items.filter((item) => item.update).map((item) => item.update.extra_fields.at as number);
  assert.deepEqual(sent, [0, 1, 2]);
});

onBoth("a page that did not come by https records too", async (played, queue) => {
  const [random, locks] = [crypto.randomUUID, navigator.locks];
  Object.assign(navigator, { locks: undefined });
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true, writable: true });
  try {
    const app = played.client(queue);
    const session = await app.start(VIDEO);
    await session.finish();
    assert.equal((await app.sync(20)).waiting, 0);
    await app.close();
    assert.match(session.id, /^[0-9a-f]{32}$/);
    assert.equal(new Set([session.id, ...played.items.map((item) => item.key)]).size, 3);
  } finally {
    Object.assign(navigator, { locks });
    Object.defineProperty(crypto, "randomUUID", { value: random, configurable: true, writable: true });
  }
});

/** An IndexedDB whose databases never open: a tab holds an old form, or a private window has none. */
const NEVER_OPENS = { open: () => new IDBOpenDBRequest() } as unknown as IDBFactory;

/** Have the longest wait be this. */
function withTimers(most: number): () => void {
  const { setTimeout } = globalThis;
  const shorter = (work: () => void, wait: number): unknown => setTimeout(work, Math.min(wait, most));
  Object.assign(globalThis, { setTimeout: shorter });
  return () => void Object.assign(globalThis, { setTimeout });
}

test("where IndexedDB never opens the queue is in memory, and says so", async () => {
  const played = new Played();
  globalThis.indexedDB = NEVER_OPENS;
  const give = withTimers(50);
  try {
    const app = played.client("never opens");
    await app.start(VIDEO);
    const { waiting, durable } = await app.sync(20);
    assert.deepEqual([waiting, durable], [0, false]);
    await app.close();
  } finally {
    give();
    globalThis.indexedDB = real;
  }
  assert.equal(played.items.length, 1);
});

test("a client whose IndexedDB never opens closes at once", async () => {
  globalThis.indexedDB = NEVER_OPENS;
  try {
    await new Played().client("never opens").close(0);
  } finally {
    globalThis.indexedDB = real;
  }
});

test("a queue that does not open again says so, and stores nothing", async () => {
  globalThis.indexedDB = real;
  const played = new Played();
  const app = played.client("not again");
  const session = await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  await new Promise((done) => (indexedDB.deleteDatabase("not again").onsuccess = done));
  globalThis.indexedDB = NEVER_OPENS;
  const give = withTimers(50);
  try {
    await assert.rejects(session.update({ progress: 0.5 }), QueueUnusable);
  } finally {
    give();
    globalThis.indexedDB = real;
  }
  await session.update({ progress: 0.6 });
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.deepEqual(played.items.at(-1).update, { progress: 0.6 });
});
