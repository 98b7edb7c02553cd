// What no service would take is refused before it is stored, as the plan of both clients says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Client, type Content, InvalidFields, type Update } from "../src/index.js";
import { LEARNER, Played, VIDEO, token } from "./played.js";

interface Case {
  name: string;
  content: Content;
  update: Update;
  errors: string[];
}

function cases(name: string): Case[] {
  return JSON.parse(readFileSync(`${process.env["PLAN"]}/${name}.json`, "utf8")) as Case[];
}

async function fields(done: Promise<unknown>): Promise<string[]> {
  try {
    await done;
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidFields, String(error));
    return Object.keys(error.errors).sort();
  }
}

test("contents are refused as the plan says", async () => {
  const [played, given] = [new Played(), cases("contents")];
  const app = played.client("contents");
  for (const { name, content, errors } of given) assert.deepEqual(await fields(app.start(content)), errors, name);
  assert.equal((await app.sync(20)).waiting, 0);
  assert.equal(played.items.length, given.filter(({ errors }) => errors.length === 0).length);
  await app.close();
});

test("updates are refused as the plan says", async () => {
  const [played, given] = [new Played(), cases("updates")];
  const app = played.client("updates");
  const session = await app.start(VIDEO);
  for (const { name, update, errors } of given) assert.deepEqual(await fields(session.update(update)), errors, name);
  assert.equal((await app.sync(20)).waiting, 0);
  assert.equal(played.items.length, 1 + given.filter(({ errors }) => errors.length === 0).length);
  await app.close();
});

interface Large {
  name: string;
  field: string;
  levels?: number;
  values?: number;
  bytes?: number;
  characters?: number;
  count?: number;
  errors: string[];
}

/** The update of a case that is too large to stand in its file. */
function grown({ field, levels = 1, values, bytes, characters, count = 1 }: Large): Update {
  let nested: Record<string, unknown> = {};
  for (let level = 1; level < levels; level += 1) nested = { a: nested };
  const list = values === undefined ? {} : { v: new Array<number>(values).fill(0) };
  const free = { ...nested, ...list, ...(bytes === undefined ? {} : { t: "x".repeat(bytes) }) };
  if (field === "extra_fields") return { extra_fields: free };
  const text = characters === undefined ? {} : { [field]: "x".repeat(characters) };
  const one = { item: "a", correct: 1, time_spent: 1, answer: free, ...text };
  return { interactions: new Array<typeof one>(count).fill(one) };
}

test("what is too large is refused as the plan says", async () => {
  const [played, given] = [new Played(), cases("large") as unknown as Large[]];
  const app = played.client("large");
  const session = await app.start(VIDEO);
  for (const each of given) assert.deepEqual(await fields(session.update(grown(each))), each.errors, each.name);
  assert.equal((await app.sync(20)).waiting, 0);
  assert.equal(played.items.length, 1 + given.filter(({ errors }) => errors.length === 0).length);
  await app.close();
});

test("what is too large for an anonymous visit is refused at once", async () => {
  const played = new Played();
  for (const [learner, errors] of [
    [null, ["extra_fields"]],
    [LEARNER, []],
  ] as const) {
    const app = played.client("large for anonymous", { learner });
    const session = await app.start(VIDEO);
    assert.deepEqual(await fields(session.update({ extra_fields: { a: "x".repeat(2 ** 20) } })), errors);
    await app.close();
  }
});

const WRONG: [unknown, string][] = [
  [{ progress: NaN }, "progress"],
  [{ time_spent_delta: Infinity }, "time_spent_delta"],
  [{ time_spent_delta: "1" }, "time_spent_delta"],
  [{ progress: {} }, "progress"],
  [{ interactions: { item: "a", correct: 1, time_spent: 1, answer: {} } }, "interactions"],
  [{ interactions: [null] }, "interactions[0]"],
  [{ interactions: [{ item: 7, correct: 1, time_spent: 1, answer: {} }] }, "interactions[0].item"],
  [{ interactions: [{ item: "a", time_spent: 1, answer: {} }] }, "interactions[0].correct"],
  [{ interactions: [{ item: "a", correct: "1", time_spent: 1, answer: {} }] }, "interactions[0].correct"],
  [null, "update"],
];
test("updates of wrong types are refused at once", async () => {
  const app = new Played().client("wrong updates");
  const session = await app.start(VIDEO);
  for (const [update, field] of WRONG) assert.deepEqual(await fields(session.update(update as Update)), [field]);
  await app.close();
});

test("contents of wrong types are refused at once", async () => {
  const app = new Played().client("wrong contents");
  for (const [content, field] of [
    [{ ...VIDEO, node_id: 1 }, "node_id"],
    [{ ...VIDEO, kind: "exercise", mastery_model: "do_all" }, "mastery_model"],
    [null, "content"],
  ]) {
    assert.deepEqual(await fields(app.start(content as unknown as Content)), [field]);
  }
  assert.equal((await app.status()).waiting, 0);
  await app.close();
});

test("what is no JSON is refused at once", async () => {
  const app = new Played().client("no JSON");
  const session = await app.start(VIDEO);
  const endless: Record<string, unknown> = {};
  endless["at"] = endless;
  const said = async (update: Update): Promise<unknown> => {
    return session.update(update).catch((error: InvalidFields) => error.errors);
  };
  for (const thing of [endless, { at: 1n }]) {
    assert.match(JSON.stringify(await said({ extra_fields: thing })), /^{"extra_fields":\["This cannot be sent/);
    const interactions = [{ item: "1", correct: 1, time_spent: 1, answer: thing }];
    assert.match(JSON.stringify(await said({ interactions })), /^{"interactions":\["This cannot be sent/);
  }
  await app.close();
});

test("a learner or an address that is none is refused at once", () => {
  for (const learner of ["alice", "", 7]) {
    const given = { learner: learner as string, token: token() };
    assert.throws(() => new Client("http://learntrack", given), InvalidFields);
  }
  for (const address of ["", "localhost:8000", "/api", "ftp://learntrack", "http://", "http://[::1", null]) {
    assert.throws(() => new Client(address as string, { learner: LEARNER, token: token() }), InvalidFields);
  }
});
