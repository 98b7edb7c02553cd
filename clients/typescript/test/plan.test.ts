// The cases that both clients are held to.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Answer, type Item, judge, parsed } from "../src/judging.js";
import { NOTHING_KNOWN, type SessionState, afterStart, afterUpdate } from "../src/local_state.js";
import type { Start, Update } from "../src/shapes.js";

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Case = Record<string, any>;

function cases(name: string): Case[] {
  return JSON.parse(readFileSync(`${process.env["PLAN"]}/${name}.json`, "utf8")) as Case[];
}

function answerOf(told: Case | null): Answer | null {
  if (told === null) return null;
  let body: unknown = told["problem"];
  if (told["results"]) {
    const each = { errors: told["errors"] ?? {} };
    body = { results: told["results"].map((status: number, n: number) => ({ key: `k${n}`, status, body: each })) };
  }
  const text = (told["text"] as string | undefined) ?? JSON.stringify(body);
  const { status, content_type, retry_after: retryAfter = null } = told;
  return { status, isProblem: content_type === "application/problem+json", body: parsed(text), retryAfter };
}

for (const one of cases("judging")) {
  test(`judging: ${one["name"]}`, () => {
    const items = (one["items"] as Case[]).map(
      (item, number): Item => ({
        ...{ number, content: "c", session: "s", key: `k${number}`, occurred_at: "", body: "{}" },
        ...{ kind: item["kind"], tries: item["tries"] ?? 0 },
      }),
    );
    const verdict = judge(items, answerOf(one["answer"]), one["hurried"], one["heard_else"]);
    assert.deepEqual(
      {
        recorded: verdict.recorded.map(({ item }) => item.number),
        aside: verdict.aside.map(({ item }) => item.number),
        tried: verdict.tried.map((item) => item.number),
        wait: verdict.wait ?? false,
        retry_after: verdict.retryAfter ?? null,
        narrower: verdict.narrower ?? false,
        signed_out: verdict.signed_out ?? false,
      },
      one["expect"],
    );
    assert.ok(verdict.trouble !== undefined || !verdict.wait, "whoever waits is told why");
  });
}

function folded(one: Case): SessionState {
  let state: SessionState = NOTHING_KNOWN;
  for (const step of one["steps"] as Case[]) {
    const start = { kind: one["kind"], mastery_model: one["mastery_model"], ...step["start"] } as Start;
    state = step["start"] ? afterStart(state, start) : afterUpdate(state, step["update"] as Update);
  }
  return state;
}

for (const one of cases("local_state")) {
  test(`local state: ${one["name"]}`, () => {
    const { known, left_out, attempts, progress, ...rest } = folded(one);
    const { attempts: expected, progress: reached, ...others } = one["expect"];
    assert.ok(Math.abs(progress - reached) < 1e-9);
    assert.deepEqual(rest, others);
    assert.deepEqual(
      attempts.map(({ id, ...each }) => each),
      expected,
    );
    assert.deepEqual([known, left_out], [false, []]);
  });
}
