// What would make a client lose something, block the queue, eat the memory, hang, or say what is not so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Content, InvalidFields, LearntrackError, type Update } from "../src/index.js";
import { MOST_TRIES, MOST_TRIES_UNHEARD } from "../src/judging.js";
import { limited } from "../src/signal.js";
import { IndexedDbQueue } from "../src/indexeddb_queue.js";
import { LEARNER, Played, VIDEO, onBoth, problem, real, until } from "./played.js";

// Whose waits are never over in a test: what is sent again is sent because the app is in a hurry.
const PATIENT = { firstWait: 3600, longestWait: 3600 };
const BUSY = (): Response => problem(503);
const page = (status: number): Response =>
  new Response("<h1>Blocked</h1>", { status, headers: { "content-type": "text/html" } });

async function during(seconds: number, more: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (await more()) assert.ok(performance.now() < end, "in time");
}

for (const status of [409, 429, 503]) {
  onBoth(`an app in a hurry sets nothing aside that is to be tried again (${status})`, async (played, queue) => {
    played.judge = () => status;
    const app = played.client(queue, PATIENT);
    await app.start(VIDEO);
    await during(60, async () => {
      await app.sync(0.01);
      return played.items.length < 3 * MOST_TRIES;
    });
    assert.equal((await app.sync(0)).aside, 0);
    played.judge = () => 200;
    assert.equal((await app.sync(20)).waiting, 0);
    await app.close(0);
  });
}

onBoth("a start that is at work is not taken for recorded", async (played, queue) => {
  played.judge = (item) => (item.start ? 409 : 404);
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  assert.deepEqual((await app.aside()).map((item) => item.session_id), [session.id]);
  await app.close(0);
});

onBoth("a start that is there already is recorded at once", async (played, queue) => {
  played.judge = () => 409;
  played.errors = { session_id: ["This session has been started already."] };
  const app = played.client(queue, PATIENT);
  await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  assert.deepEqual(await app.aside(), []);
  await app.close(0);
  assert.equal(played.items.length, 1);
});

onBoth("an item that something between keeps from the service blocks nobody", async (played, queue) => {
  played.refuse = ({ text }) => {
    if (text.includes("<script>")) return page(403);
    const none = JSON.stringify({ status: 400, detail: "D", errors: { items: ["Must be a list of 1–2000 items."] } });
    const headers = { "content-type": "application/problem+json" };
    return text.endsWith('"items":[]}') ? new Response(none, { status: 400, headers }) : null;
  };
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  await session.update({ extra_fields: { essay: "<script>" } });
  await session.update({ progress: 0.2 });
  assert.equal((await app.sync(60)).waiting, 0);
  const [aside] = await app.aside();
  assert.deepEqual([aside?.body, aside?.problem.status], [{ extra_fields: { essay: "<script>" } }, 403]);
  await app.close(0);
  assert.deepEqual(played.items.map((item) => item.update), [undefined, { progress: 0.2 }]);
});

onBoth("where nothing gets through nothing is set aside", async (played, queue) => {
  played.refuse = () => page(403);
  const app = played.client(queue);
  await app.start(VIDEO);
  await during(60, async () => {
    await app.sync(0.01);
    return played.requests.length < 3 * MOST_TRIES_UNHEARD;
  });
  const { waiting, aside } = await app.status();
  assert.deepEqual([waiting, aside], [1, 0]);
  await app.close(0);
});

test("an answer without end does not fill the memory", async () => {
  const played = new Played();
  let [read, over] = [0, false];
  played.refuse = () => {
    const pull = (to: ReadableStreamDefaultController): void => {
      if (over) return to.close();
      read += 1;
      to.enqueue(new Uint8Array(2 ** 20).fill(32));
    };
    return new Response(new ReadableStream({ pull }), { headers: { "content-type": "application/json" } });
  };
  const app = played.client("endless", PATIENT);
  await app.start(VIDEO);
  await until(app, "waiting");
  over = true; // unlike a real one, this stream goes on behind an aborted fetch
  await app.close(0);
  assert.ok(read <= 20 * played.requests.length, `${read} MiB by ${played.requests.length} requests`);
});

test("what a slow network brings has longer to arrive", async () => {
  let over = false;
  const found = await limited(0.001, new AbortController().signal, async (signal, longer) => {
    longer(3600);
    signal.addEventListener("abort", () => (over = true));
    await limited(0.05, new AbortController().signal, () => new Promise(() => {})).catch(() => {});
    return over;
  });
  assert.equal(found, false);
});

onBoth("the next anonymous visitor sees nothing of the last", async (played, queue) => {
  const app = played.client(queue, { learner: null, token: null });
  const first = await app.start(VIDEO);
  await first.update({ progress: 0.7, extra_fields: { name: "Ada" } });
  played.refuse = BUSY;
  const second = await app.start(VIDEO);
  assert.deepEqual([second.state.progress, second.state.extra_fields], [0, {}]);
  await second.update({ progress: 0.2 });
  assert.deepEqual([first.state.progress, second.state.progress], [0.7, 0.2]);
  await app.close(0);
});

onBoth("what an app makes of its own object after the call changes nothing that is stored", async (played, queue) => {
  const app = played.client(queue);
  const content = { ...VIDEO } as Content;
  const starting = app.start(content);
  content.node_id = "none";
  const session = await starting;
  const interactions = [{ item: "a", correct: 1, time_spent: 0, answer: {} }];
  const update = { interactions, extra_fields: { at: 1 }, time_spent_delta: 1 };
  const stored = session.update(update);
  update.interactions.length = 0;
  update.extra_fields.at = 99;
  update.time_spent_delta = NaN;
  await stored;
  assert.deepEqual([session.state.extra_fields, session.state.attempts.length], [{ at: 1 }, 1]);
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close(0);
  const [start, sent] = played.items;
  assert.deepEqual(start.start, VIDEO);
  const { interactions: kept, extra_fields, time_spent_delta } = sent.update;
  assert.deepEqual([kept.length, extra_fields, time_spent_delta], [1, { at: 1 }, 1]);
});

const ODD: [unknown, string][] = [
  [{ time_spent_delta: "5" }, "time_spent_delta"],
  [{ time_spent_delta: new Date() }, "time_spent_delta"],
  [{ progress: [] }, "progress"],
  [{ interactions: new Array(1) }, "interactions[0]"],
  [{ extra_fields: new Date() }, "extra_fields"],
  [{ interactions: [{ item: "a", correct: "1", time_spent: 0, answer: {} }] }, "interactions[0].correct"],
];

onBoth("what is out of all ranges is refused by name, and nothing is stored", async (played, queue) => {
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  for (const [update, field] of ODD) {
    const refused = (error: unknown): boolean =>
      error instanceof InvalidFields && Object.keys(error.errors).join() === field;
    await assert.rejects(session.update(update as Update), refused, field);
  }
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close(0);
  assert.equal(played.items.length, 1);
});

onBoth("the state has what is tried again", async (played, queue) => {
  played.judge = (item) => (item.update ? 400 : 200);
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  await session.update({ time_spent_delta: 5 });
  await app.sync(20);
  assert.equal(session.state.time_spent, 60);
  played.refuse = BUSY;
  await app.retry();
  assert.equal(session.state.time_spent, 65);
  await app.close(0);
});

test("a damaged item of an odd form keeps no other from being sent", async () => {
  globalThis.indexedDB = real;
  const played = new Played();
  const queue = new IndexedDbQueue("odd", LEARNER, { mostItems: 9, mostBytes: 9999 }, new AbortController().signal);
  for (const body of ['{"interactions":5}', '{"progress":0.5}']) {
    await queue.add({ content: "c", session: "s", kind: "update", body }, () => new Date().toISOString());
  }
  queue.close();
  const app = played.client("odd");
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.equal(played.items.length, 2);
});

test("a damaged item is set aside, shown, and hides no other", async () => {
  globalThis.indexedDB = real;
  const played = new Played();
  played.refuse = BUSY;
  const before = played.client("damaged");
  const session = await before.start(VIDEO);
  await session.update({ progress: 0.5 });
  await session.update({ progress: 0.6 });
  await before.close(0);
  await new Promise<void>((done) => {
    const opening = indexedDB.open("damaged");
    opening.onsuccess = () => {
      const items = opening.result.transaction("items", "readwrite").objectStore("items");
      const found = items.get(2);
      found.onsuccess = () => items.put({ ...found.result, body: '{"progress":0.' });
      items.transaction.oncomplete = () => done(opening.result.close());
    };
  });
  played.refuse = ({ text }) => {
    try {
      JSON.parse(text);
      return null;
    } catch {
      return problem(400);
    }
  };
  const app = played.client("damaged");
  assert.equal((await app.sync(20)).waiting, 0);
  const [aside] = await app.aside();
  assert.deepEqual(aside?.body, {});
  assert.ok(await app.discard(aside?.key as string));
  await app.close(0);
  assert.deepEqual(played.items.map((item) => item.update), [undefined, { progress: 0.6 }]);
});

test("a clock of no year that the API writes is refused, and sets nothing aside", async () => {
  const played = new Played();
  let at = Date.now();
  const app = played.client("years", { clock: () => at });
  played.refuse = BUSY;
  await app.start(VIDEO);
  for (const moment of [Date.UTC(10_000, 0), -8e13, NaN, Infinity]) {
    at = moment;
    await assert.rejects(app.start(VIDEO), LearntrackError);
  }
  played.refuse = () => null;
  const { waiting, aside } = await app.sync(0.1);
  assert.deepEqual([waiting, aside], [1, 0]);
  at = Date.now();
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close(0);
});

test("a frame of no origin, which may have neither IndexedDB nor locks, records all the same", async () => {
  const played = new Played();
  const denied = async (): Promise<never> => Promise.reject(new DOMException("", "SecurityError"));
  const { locks } = navigator;
  globalThis.indexedDB = { open: () => assert.fail("denied") } as unknown as IDBFactory;
  Object.assign(navigator, { locks: { request: denied } });
  try {
    const app = played.client("frame");
    await app.start(VIDEO);
    const { waiting, durable } = await app.sync(20);
    assert.deepEqual([waiting, durable], [0, false]);
    await app.close(0);
  } finally {
    Object.assign(navigator, { locks });
    globalThis.indexedDB = real;
  }
});

test("a tab whose queue is in memory waits for no other tab", async () => {
  globalThis.indexedDB = undefined as unknown as IDBFactory;
  const played = new Played();
  played.refuse = BUSY;
  const first = played.client("memory", PATIENT);
  await first.start(VIDEO);
  await until(first, "waiting");
  played.refuse = () => null;
  const second = played.client("memory");
  await second.start(VIDEO);
  assert.equal((await second.sync(20)).waiting, 0);
  await first.close(0);
  await second.close(0);
  globalThis.indexedDB = real;
});
