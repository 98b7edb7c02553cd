// What a queue sets aside, gives back and holds, and what a browser does to it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { QueueFull, type Status } from "../src/index.js";
import { IndexedDbQueue } from "../src/indexeddb_queue.js";
import { type Item, verdict } from "../src/judging.js";
import { MemoryQueue } from "../src/memory_queue.js";
import { Played, VIDEO, onBoth, problem, real } from "./played.js";

const NEVER = new AbortController().signal;

onBoth("a poisoned item is set aside, shown, and can be tried again", async (played, queue) => {
  played.judge = (item) => (item.update?.time_spent_delta === 13 ? 400 : 200);
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  for (const seconds of [12, 13, 14]) await session.update({ time_spent_delta: seconds });
  assert.equal((await app.sync(20)).waiting, 0);
  const [aside, ...others] = await app.aside();
  assert.equal(others.length, 0);
  assert.deepEqual([aside?.kind, aside?.body, aside?.session_id], ["update", { time_spent_delta: 13 }, session.id]);
  assert.deepEqual([aside?.problem.status, aside?.problem.detail], [400, "No."]);
  assert.equal(session.state.time_spent, 60 + 12 + 14);

  played.judge = () => 200;
  assert.equal(await app.retry(aside?.key), 1);
  assert.equal((await app.sync(20)).aside, 0);
  assert.equal(session.state.time_spent, 60 + 12 + 13 + 14);
  await app.close();
});

onBoth("with a start that is tried again its session comes back, in order", async (played, queue) => {
  played.judge = (item) => (item.start ? 400 : 404);
  const app = played.client(queue);
  await (await app.start(VIDEO)).update({ time_spent_delta: 1 });
  await (await app.start(VIDEO)).update({ time_spent_delta: 2 });
  await app.sync(20);
  const aside = await app.aside();
  assert.deepEqual(
    aside.map((each) => each.kind),
    ["start", "update", "start", "update"],
  );

  played.judge = () => 200;
  assert.equal(await app.retry(aside[0]?.key), 2);
  await app.sync(20);
  assert.deepEqual(
    played.items.slice(-2).map((item) => item.key),
    [aside[0]?.key, aside[1]?.key],
  );
  assert.equal(await app.discard(aside[2]?.key as string), true);
  assert.equal(await app.discard(aside[2]?.key as string), false);
  assert.deepEqual(
    (await app.aside()).map((each) => each.key),
    [aside[3]?.key],
  );
  await app.close();
});

onBoth("what is in a visit that the service has forgotten goes on in the next one", async (played, queue) => {
  let forgotten = "";
  played.judge = ({ session_id }) => (session_id === forgotten ? 404 : 200);
  const app = played.client(queue);
  const before = await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  forgotten = before.id; // an older backup was restored
  await before.update({ time_spent_delta: 5 });
  assert.equal((await app.sync(20)).aside, 1);
  const [aside] = await app.aside();
  assert.deepEqual([aside?.problem.status, aside?.problem.detail], [404, "No."]);
  assert.equal(await app.retry(aside?.key), 1);
  assert.equal((await app.sync(20)).aside, 1, "there is no other visit yet");

  const next = await app.start(VIDEO);
  assert.equal(await app.retry(), 1);
  const { waiting, aside: left } = await app.sync(20);
  assert.deepEqual([waiting, left], [0, 0]);
  const sent = played.items.at(-1);
  assert.deepEqual([sent.key, sent.session_id, sent.update], [aside?.key, next.id, { time_spent_delta: 5 }]);
  await app.close();
});

onBoth("what was refused for its moment alone is tried again as of now, with what followed", async (played, queue) => {
  let moment = 0;
  played.judge = (item) => (item.occurred_at.startsWith("2026") ? 200 : item.start ? 400 : 404);
  played.errors = { occurred_at: ["Must be within the last 30 days."] };
  const app = played.client(queue, { clock: () => moment });
  await (await app.start(VIDEO)).finish();
  assert.equal((await app.sync(20)).aside, 2);
  moment = 1_770_000_000_000;
  assert.equal(await app.retry((await app.aside())[0]?.key), 2);
  assert.equal((await app.sync(20)).aside, 0);
  await app.close();
  assert.deepEqual(
    played.items.map((item) => item.occurred_at.slice(0, 4)),
    ["1970", "1970", "2026", "2026"],
  );
  assert.equal(played.items[0].key, played.items[2].key);
});

onBoth("a queue says that it is nearly full before it is", async (played, queue) => {
  played.refuse = () => problem(503);
  const said: Status[] = [];
  const app = played.client(queue, { mostItems: 10, onChange: (status) => said.push(status) });
  const session = await app.start(VIDEO);
  for (let n = 0; n < 6; n += 1) await session.update({ time_spent_delta: 1 });
  assert.equal(said.at(-1)?.nearly_full, false);
  for (let n = 0; n < 3; n += 1) await session.update({ time_spent_delta: 1 });
  assert.equal(said.at(-1)?.nearly_full, true);
  await assert.rejects(session.update({ time_spent_delta: 1 }), QueueFull);
  assert.equal((await app.status()).waiting, 10);
  assert.equal(session.state.time_spent, 9);
  await app.close(0);
});

onBoth("a queue is bounded in bytes too", async (played, queue) => {
  const app = played.client(queue, { mostBytes: 2000 });
  const session = await app.start(VIDEO);
  await assert.rejects(session.update({ extra_fields: { text: "x".repeat(2000) } }), QueueFull);
  await app.close();
});

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

test("a browser that ends a transaction for want of room has a full queue too", async () => {
  globalThis.indexedDB = real;
  const app = new Played().client("ended");
  const session = await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value) {
    const asked = put.call(this, value);
    const { transaction } = this as unknown as { transaction: { _abort(name: string): void } };
    transaction._abort("QuotaExceededError"); // as the browser does; what was asked for says AbortError
    return asked;
  };
  try {
    await assert.rejects(session.update({ progress: 0.5 }), QueueFull);
  } finally {
    IDBObjectStore.prototype.put = put;
  }
  await app.close(0);
});

test("what the service says of a batch is not taken for the items of a queue that was made anew", async () => {
  globalThis.indexedDB = real;
  const bounds = { mostItems: 9, mostBytes: 9999 };
  const queue = new IndexedDbQueue("anew", "", bounds, NEVER);
  const done = { content: "c", session: "s", kind: "update" } as const;
  const add = (body: string): Promise<void> => queue.add({ ...done, body }, () => "");
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
  const queue = new IndexedDbQueue("midway", "", { mostItems: 9, mostBytes: 9999 }, NEVER);
  for (const body of ["{}", "{}"]) {
    await queue.add({ content: "c", session: "s", kind: "update", body }, () => "");
  }
  const items = await queue.next(9, 9999);
  const recorded = items.map((item) => ({ item, answer: null }));
  const { delete: remove } = IDBObjectStore.prototype;
  let removed = 0;
  IDBObjectStore.prototype.delete = function (key) {
    if ((removed += 1) === 2) throw new DOMException("no room", "QuotaExceededError");
    return remove.call(this, key);
  };
  try {
    await assert.rejects(queue.settle(verdict({ recorded })), QueueFull);
  } finally {
    IDBObjectStore.prototype.delete = remove;
  }
  queue.close();
  const next = new IndexedDbQueue("midway", "", { mostItems: 9, mostBytes: 9999 }, NEVER);
  assert.deepEqual(await next.next(9, 9999), items);
  assert.equal((await next.counts()).waiting, 2);
  next.close();
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

/** A browser without room for what is decided of items; the function that gives it room. */
function noRoom(): () => void {
  const { put, delete: remove } = IDBObjectStore.prototype;
  const refuse = (): never => {
    throw new DOMException("no room", "QuotaExceededError");
  };
  Object.assign(IDBObjectStore.prototype, { put: refuse, delete: refuse });
  return () => void Object.assign(IDBObjectStore.prototype, { put, delete: remove });
}

test("what has been sent is not sent again where there is no room to remove it; the rest is sent", async () => {
  globalThis.indexedDB = real;
  const played = new Played();
  const app = played.client("no room to remove");
  const session = await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  played.refuse = () => problem(503);
  for (let n = 0; n < 150; n += 1) await session.update({ extra_fields: { n } });
  const give = noRoom();
  try {
    played.judge = ({ update }) => (update.extra_fields.n === 7 ? 400 : 200);
    played.refuse = () => null;
    const end = performance.now() + 20_000;
    for (let status = await app.sync(0.01); played.items.length < 151 || !/room/.test(status.trouble ?? ""); ) {
      status = await app.sync(0.01);
      assert.ok(performance.now() < end, "in time");
    }
    for (let n = 0; n < 5; n += 1) await app.sync(0.01);
    const { waiting, nearly_full, trouble } = await app.status();
    assert.deepEqual([waiting, nearly_full], [150, true]);
    assert.equal(trouble, "There is no room on the disk: what has been sent stays in the queue.");
  } finally {
    give();
  }
  const { waiting, aside, nearly_full, trouble } = await app.sync(20);
  assert.deepEqual([waiting, aside, nearly_full, trouble], [0, 1, false, null]);
  assert.equal(played.items.length, 151, "each once");
  await app.close();
});
