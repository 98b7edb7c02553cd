// The client against a service that a test plays: what is stored, sent, set aside, and said. Each test runs on both
// queues, IndexedDB and memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Content, InvalidFields, SignedOut, Unreachable, Busy } from "../src/index.js";
import { LEARNER, Played, VIDEO, json, onBoth, problem, real, token, until } from "./played.js";

onBoth("a visit is sent with its times and its own ids", async (played, queue) => {
  const app = played.client(queue, { clock: () => 1_770_000_000_250 });
  const session = await app.start(VIDEO);
  await session.update({ progress: 0.5, time_spent_delta: 30 });
  await session.finish();
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();

  assert.deepEqual(
    played.items.map((item) => (item.start ? "start" : "update")),
    ["start", "update", "update"],
  );
  assert.deepEqual(new Set(played.items.map((item) => item.session_id)), new Set([session.id]));
  assert.deepEqual(new Set(played.items.map((item) => item.occurred_at)), new Set(["2026-02-02T02:40:00.250Z"]));
  assert.equal(new Set(played.items.map((item) => item.key)).size, 3);
  assert.deepEqual(played.items[1].update, { progress: 0.5, time_spent_delta: 30 });
  assert.equal(played.requests[0]?.body.sent_at, "2026-02-02T02:40:00.250Z");
});

onBoth("the local answer is there at once, and the service's when it has told", async (played, queue) => {
  played.refuse = () => problem(503);
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  const { known, progress, time_spent } = await session.update({ progress_delta: 0.25, time_spent_delta: 10 });
  assert.deepEqual([known, progress, time_spent], [false, 0.25, 10]);

  played.refuse = () => null;
  const state = await session.sync(20);
  assert.deepEqual([state.known, state.progress, state.time_spent], [true, 0.75, 70]);
  await app.close();
});

test("what was not sent is sent by the next client", async () => {
  globalThis.indexedDB = real;
  const played = new Played();
  played.refuse = () => problem(503);
  const before = played.client("kept");
  await (await before.start(VIDEO)).finish();
  await before.close(0);
  await before.close(); // a second time changes nothing
  played.refuse = () => null;
  const app = played.client("kept");
  assert.equal((await app.status()).durable, true);
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.deepEqual([played.batches, played.items.length], [1, 2]);
});

onBoth("an onChange that fails stops nothing", async (played, queue) => {
  const app = played.client(queue, {
    onChange: () => {
      throw new Error("the app's");
    },
  });
  await (await app.start(VIDEO)).finish();
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
});

onBoth("a client that waits for another to send can be closed", async (played, queue) => {
  played.refuse = () => problem(503);
  const one = played.client(queue);
  await one.start(VIDEO);
  await until(one, "waiting");
  const two = played.client(queue);
  await two.start(VIDEO);
  await two.close(0.05);
  await one.close(0);
});

onBoth("a refused token is replaced, and nothing is lost", async (played, queue) => {
  const asked: (string | null)[] = [];
  played.refuse = ({ headers }) => (headers.get("authorization")?.includes("t2.") ? null : problem(401));
  const app = played.client(queue, {
    token: async (refused) => {
      asked.push(refused);
      return token(LEARNER, `t${asked.length}`);
    },
  });
  await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.deepEqual(asked, [null, token(LEARNER, "t1")]);
});

const SOURCES: [(refused: string | null) => string | null, string][] = [
  [() => null, "There is no token."],
  [() => token("f".repeat(32)), "The token is another learner's."],
  [
    () => {
      throw new Error("offline");
    },
    "The token could not be had: offline",
  ],
  [() => token(), "The service does not take the token."],
];
for (const [source, trouble] of SOURCES) {
  onBoth(`without a token everything is kept: ${trouble}`, async (played, queue) => {
    played.refuse = () => problem(401);
    const app = played.client(queue, { token: source });
    await app.start(VIDEO);
    const status = await until(app, "signed_out");
    assert.deepEqual([status.waiting, status.aside, status.state, status.trouble], [1, 0, "signed_out", trouble]);
    await assert.rejects(app.me(), SignedOut);
    await app.close(0);
  });
}

onBoth("a Retry-After is honoured, even in a hurry", async (played, queue) => {
  played.refuse = () => problem(429, { "retry-after": "30" });
  const app = played.client(queue);
  await app.start(VIDEO);
  await until(app, "waiting");
  for (let n = 0; n < 5; n += 1) assert.equal((await app.sync(0.01)).state, "waiting");
  assert.equal(played.requests.length, 1);
  await app.close(0);
});

onBoth("after a Retry-After it is sent", async (played, queue) => {
  const answers = [problem(429, { "retry-after": "0.01" })];
  played.refuse = () => answers.pop() ?? null;
  const app = played.client(queue);
  await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.equal(played.requests.length, 2);
});

onBoth("a batch that is refused as a whole is divided until its item is found", async (played, queue) => {
  played.refuse = () => problem(503);
  const app = played.client(queue);
  const session = await app.start(VIDEO);
  for (let at = 0; at < 20; at += 1) await session.update({ extra_fields: { at } });
  played.refuse = ({ text }) => (text.includes('"at":7') ? problem(413) : null);
  assert.equal((await app.sync(20)).waiting, 0);
  assert.deepEqual(
    (await app.aside()).map((each) => each.body),
    [{ extra_fields: { at: 7 } }],
  );
  await app.close();
  const sent = played.items.filter((item) => item.update).map((item) => item.update.extra_fields.at as number);
  assert.deepEqual(
    sent,
    [...Array(20).keys()].filter((at) => at !== 7),
  );
});

test("two learners of one queue send each their own", async () => {
  globalThis.indexedDB = real;
  const [played, other] = [new Played(), "d".repeat(32)];
  const [one, two] = [played.client("shared"), played.client("shared", { learner: other, token: token(other) })];
  await one.start(VIDEO);
  await two.start(VIDEO);
  for (const app of [one, two]) {
    assert.equal((await app.sync(20)).waiting, 0);
    await app.close();
  }
  const by = played.requests.map(({ headers }) => headers.get("authorization"));
  assert.deepEqual(by.sort(), [`Bearer ${token()}`, `Bearer ${token(other)}`].sort());
});

test("only one client of a queue sends", async () => {
  globalThis.indexedDB = real;
  const played = new Played();
  played.refuse = () => problem(503);
  const one = played.client("one sender");
  await one.start(VIDEO);
  await until(one, "waiting");
  const two = played.client("one sender");
  await two.start(VIDEO);
  await until(two, "elsewhere");
  played.refuse = () => null;
  assert.equal((await one.sync(20)).waiting, 0);
  assert.equal((await two.sync(20)).waiting, 0);
  await Promise.all([one.close(), two.close()]);
  assert.deepEqual([played.batches, played.items.length], [1, 2]);
});

onBoth("an anonymous visit has no token", async (played, queue) => {
  const app = played.client(queue, { learner: null });
  await app.start(VIDEO);
  assert.equal((await app.sync(20)).waiting, 0);
  await app.close();
  assert.equal(played.requests[0]?.headers.get("authorization"), null);
});

onBoth("a learner's work waits where no token was given", async (played, queue) => {
  const app = played.client(queue, { token: null });
  await app.start(VIDEO);
  const status = await until(app, "signed_out");
  assert.deepEqual([status.waiting, status.trouble], [1, "There is no token."]);
  await app.close(0);
  assert.equal(played.requests.length, 0);
});

onBoth("the state of a content is told without a visit", async (played, queue) => {
  const app = played.client(queue);
  assert.equal((await app.state(VIDEO)).known, false);
  const session = await app.start(VIDEO);
  await session.update({ progress: 0.9 });
  assert.equal((await app.state(VIDEO)).progress, 0.9);
  await app.sync(20);
  assert.deepEqual(await app.state(VIDEO), session.state);
  await assert.rejects(app.state({ kind: "video" } as Content), InvalidFields);
  await app.close();
  assert.equal(played.items.length, 2);
});

onBoth("lists are read page by page", async (played, queue) => {
  played.refuse = ({ url }) => {
    const page = Number(url.searchParams.get("page"));
    assert.equal(url.searchParams.get("classroom"), "c");
    assert.ok(!url.searchParams.has("since"));
    return json({ page, count: 3, total_pages: 3, results: [{ row: page }] });
  };
  const app = played.client(queue);
  const rows = [];
  for await (const row of app.report("progress", { classroom: "c", since: null })) rows.push(row);
  assert.deepEqual(rows, [{ row: 1 }, { row: 2 }, { row: 3 }]);
  await app.close();
});

onBoth("a filter that the service does not know is refused", async (played, queue) => {
  const headers = { "content-type": "application/json", "ignored-parameters": "clasroom, since" };
  played.refuse = () => new Response(JSON.stringify({ total_pages: 1, results: [{ row: 1 }] }), { headers });
  const app = played.client(queue);
  const rows = app.tries({ clasroom: "c", since: "2026-01-01" } as object);
  const said = await rows.next().catch((error: InvalidFields) => error);
  assert.ok(said instanceof InvalidFields);
  assert.deepEqual(Object.keys(said.errors), ["clasroom", "since"]);
  await app.close();
});

const REFUSED: [() => Response, new (...given: never[]) => Error][] = [
  [() => problem(400), InvalidFields],
  [() => problem(503, { "retry-after": "2" }), Busy],
  [() => new Response("<h1>Welcome</h1>"), Unreachable],
  [() => new Response("<h1>Bad gateway</h1>", { status: 502 }), Unreachable],
];
for (const [answer, error] of REFUSED) {
  onBoth(`a question that is refused throws ${error.name}`, async (played, queue) => {
    played.refuse = answer;
    const app = played.client(queue);
    await assert.rejects(app.me(), error);
    await app.close();
  });
}
