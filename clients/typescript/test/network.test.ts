// What answers, and what tokens there are: odd headers, hotels' pages, slow networks, refused tokens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unreachable } from "../src/index.js";
import { LEARNER, Played, VIDEO, json, onBoth, problem, token, until } from "./played.js";

const NOT_THE_SERVICE = "What answers is not the service.";

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

onBoth("a service that knows nothing of the queue is not the service", async (played, queue) => {
  played.refuse = () => problem(404);
  const app = played.client(queue);
  await app.start(VIDEO);
  assert.equal((await until(app, "waiting")).trouble, NOT_THE_SERVICE);
  await app.close(0);
});
