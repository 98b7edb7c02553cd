// Trouble with the queue, with what answers, with tokens, and with what an app does: errors have names, nothing that is
// stored is lost, and the sender goes on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Closed, QueueFull, QueueUnusable, SignedOut, Unreachable } from "../src/index.js";
import { IndexedDbQueue } from "../src/indexeddb_queue.js";
import { type Item, verdict } from "../src/judging.js";
import { MemoryQueue } from "../src/memory_queue.js";
import { LEARNER, Played, VIDEO, json, onBoth, problem, real, token, until } from "./played.js";

const NOT_THE_SERVICE = "What answers is not the service.";

test("a queue that the app deletes begins anew, and what is done then is stored", async () => {
  globalThis.indexedDB = real;
  const played = new Played();
  const app = played.client("deleted");
  const session = await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  await new Promise((done) => (indexedDB.deleteDatabase("deleted").onsuccess = done));
  await session.update({ progress: 0.5 });
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.deepEqual(played.items.at(-1).update, { progress: 0.5 });
});

test("a queue of a later release is left alone, and its app says that nothing outlives the page", async () => {
  globalThis.indexedDB = real;
  const later = await new Promise<IDBDatabase>((done) => {
    const opening = indexedDB.open("later", 99);
    opening.onsuccess = () => done(opening.result);
  });
  later.close();
  const app = new Played().client("later");
  await app.start(VIDEO);
  const status = await app.sync(20);
  assert.deepEqual([status.waiting, status.durable], [0, false]);
  await app.close();
});

test("a browser without room for the queue has a full queue, and nothing is stored", async () => {
  globalThis.indexedDB = real;
  const played = new Played();
  const app = played.client("no room");
  const session = await app.start(VIDEO);
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => {
    throw new DOMException("no room", "QuotaExceededError");
  };
  try {
    await assert.rejects(session.update({ progress: 0.5 }), QueueFull);
  } finally {
    IDBObjectStore.prototype.put = put;
  }
  assert.equal(session.state.progress, 0);
  await session.update({ progress: 0.75 });
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.equal(played.items.length, 2);
});

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

onBoth("however many requests are refused, the app is asked for one token", async (played, queue) => {
  const asked: (string | null)[] = [];
  played.refuse = ({ headers }) => (headers.get("authorization")?.includes("t2.") ? json([]) : problem(401));
  const app = played.client(queue, {
    token: async (refused) => {
      asked.push(refused);
      return token(LEARNER, `t${asked.length}`);
    },
  });
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => app.reports())), [[], [], []]);
  await app.close();
  assert.deepEqual(asked, [null, token(LEARNER, "t1")]);
});

for (const given of [7, "", "two words", "é"]) {
  onBoth(`a token that is none is said so: ${JSON.stringify(given)}`, async (played, queue) => {
    const app = played.client(queue, { token: () => given as string });
    await app.start(VIDEO);
    assert.equal((await until(app, "signed_out")).trouble, "The token is no token.");
    await app.close(0);
  });
}

onBoth("a token function that returns nothing is of nobody who is signed in", async (played, queue) => {
  const app = played.client(queue, { token: () => undefined as unknown as null });
  await app.start(VIDEO);
  assert.equal((await until(app, "signed_out")).trouble, "There is no token.");
  await app.close(0);
});

const DATE = "Mon, 02 Feb 2026 02:40:00 GMT";
const RETRY_AFTER: [string, number | null][] = [
  ["7", 7],
  ["0.5", 0.5],
  ["-5", 0],
  ["99999999999", 3600],
  ["nan", null],
  ["soon", null],
  ["Mon, 02 Feb 2026 02:40:20 GMT", 20],
  ["Mon, 02 Feb 2026 02:39:00 GMT", 0],
  ["Wed, 21 Oct 2099 07:28:00 GMT", 3600],
  ["Wed, 99 Oct 2099 07:28:00 GMT", null],
];
for (const [said, seconds] of RETRY_AFTER) {
  test(`a Retry-After is seconds or a date by the service's clock, and an hour at most: ${said}`, async () => {
    const played = new Played();
    played.refuse = () => problem(503, { "retry-after": said, date: DATE });
    const app = played.client("retry after");
    await assert.rejects(app.me(), { name: "Busy", retryAfter: seconds });
    await app.close(0);
  });
}

onBoth("a page without end is not read", async (played, queue) => {
  const endless = (): ReadableStream =>
    new ReadableStream({ pull: (into) => into.enqueue(new TextEncoder().encode("<p>Welcome!</p>")) });
  played.refuse = () => new Response(endless(), { headers: { "content-type": "text/html" } });
  const app = played.client(queue);
  await app.start(VIDEO);
  assert.equal((await until(app, "waiting")).trouble, NOT_THE_SERVICE);
  played.refuse = () => null;
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
});

onBoth("a service that knows nothing of the queue is not the service", async (played, queue) => {
  played.refuse = () => problem(404);
  const app = played.client(queue);
  await app.start(VIDEO);
  assert.equal((await until(app, "waiting")).trouble, NOT_THE_SERVICE);
  await app.close(0);
});

onBoth("a redirect is not followed with the learner's token", async (played, queue) => {
  played.refuse = () => new Response(null, { status: 302, headers: { location: "http://elsewhere/" } });
  const app = played.client(queue);
  await app.start(VIDEO);
  assert.equal((await until(app, "waiting")).trouble, NOT_THE_SERVICE);
  assert.deepEqual(new Set(played.requests.map(({ redirect }) => redirect)), new Set(["manual"]));
  played.refuse = () => null;
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
});

onBoth("what is too much for a slow network gets through in smaller batches", async (played, queue) => {
  played.refuse = () => problem(503);
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  for (let at = 0; at < 40; at += 1) await session.update({ extra_fields: { at } });
  played.refuse = ({ text }) => {
    if (text.length > 1500) throw new TypeError("too slow");
    return null;
  };
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  const sent = played.items.filter((item) => item.update).map((item) => item.update.extra_fields.at as number);
  assert.deepEqual(sent, [...Array(40).keys()]);
});

const ODD = [[], "x", 7, null, { results: 1, total_pages: 1 }];
for (const body of ODD) {
  onBoth(`what is no answer is not the service: ${JSON.stringify(body)}`, async (played, queue) => {
    played.refuse = () => json(body);
    const app = played.client(queue);
    await assert.rejects(app.tries().next(), Unreachable);
    await app.start(VIDEO);
    assert.equal((await until(app, "waiting")).trouble, NOT_THE_SERVICE);
    played.refuse = () => null;
    const status = await app.sync(20);
    assert.deepEqual([status.waiting, status.aside], [0, 0]);
    await app.close();
  });
}

const ANSWERS = [null, 7, "x", [], {}, { progress: "x" }, { complete: 1, attempts: 7 }, { attempts: [null] }];
for (const body of ANSWERS) {
  onBoth(`an item that is recorded with an odd answer is recorded: ${JSON.stringify(body)}`, async (played, queue) => {
    played.refuse = ({ text }) => {
      const { items } = JSON.parse(text) as { items: { key: string }[] };
      return json({ results: items.map(({ key }) => ({ key, status: 200, body, new: 1 })) });
    };
    const app = played.client(queue);
    const session = await app.start(VIDEO);
    await session.update({ progress: 0.5, time_spent_delta: 3 });
    await session.sync(20);
    assert.equal((await app.status()).waiting, 0);
    assert.deepEqual([session.state.progress, session.state.time_spent], [0.5, 3]);
    await app.close();
  });
}

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

onBoth("a page that did not come by https has no randomUUID and no Web Locks, and records all the same", async (played, queue) => {
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

test("what the service says of a batch is not taken for the items of a queue that was made anew meanwhile", async () => {
  globalThis.indexedDB = real;
  const bounds = { mostItems: 9, mostBytes: 9999 };
  const queue = new IndexedDbQueue("anew", "", bounds);
  const add = (body: string): Promise<void> => queue.add({ content: "c", session: "s", kind: "update", body }, () => "");
  await add("{}");
  const [before] = await queue.next(1, 999);
  await new Promise((done) => (indexedDB.deleteDatabase("anew").onsuccess = done));
  await add('{"progress":1}');
  const [after] = await queue.next(1, 999);
  assert.equal(before?.number, after?.number);
  const problem = { status: 400, title: "", detail: "", errors: {} };
  await queue.settle(verdict({ aside: [{ item: before as Item, problem }], tried: [before as Item] }));
  assert.deepEqual(await queue.next(1, 999), [after]);
  queue.close();
});

test("a change of the queue that fails midway changes nothing", async () => {
  globalThis.indexedDB = real;
  const queue = new IndexedDbQueue("midway", "", { mostItems: 9, mostBytes: 9999 });
  for (const body of ["{}", "no JSON"]) await queue.add({ content: "c", session: "s", kind: "update", body }, () => "");
  const items = await queue.next(9, 9999);
  const recorded = items.map((item) => ({ item, answer: null }));
  await assert.rejects(queue.settle(verdict({ recorded })), SyntaxError);
  assert.deepEqual(await queue.next(9, 9999), items);
  assert.equal((await queue.counts()).waiting, 2);
  queue.close();
});

test("to store one takes no longer the more there are", async () => {
  const queue = new MemoryQueue("", { mostItems: 1e6, mostBytes: 1e9 });
  const add = (): Promise<void> => queue.add({ content: "c", session: "s", kind: "update", body: "{}" }, () => "");
  for (let n = 0; n < 20_000; n += 1) await add();
  let looked = 0;
  const values = Map.prototype.values;
  Map.prototype.values = function (this: Map<unknown, unknown>) {
    looked += this.size;
    return values.call(this);
  } as typeof values;
  try {
    await add();
    await queue.counts();
  } finally {
    Map.prototype.values = values;
  }
  assert.equal(looked, 0);
});
