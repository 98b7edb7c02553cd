// A service that a test plays.
import "fake-indexeddb/auto";
import "./locks.js";
import { test } from "node:test";
import { parsed } from "../src/judging.js";
import { Client, type ClientOptions, type Content, type Status } from "../src/index.js";

export const LEARNER = "c1b2a3d4e5f60718293a4b5c6d7e8f90";
const [NODE, CONTENT, CHANNEL] = ["1", "2", "3"].map((digit) => digit.repeat(32)) as [string, string, string];
export const VIDEO: Content = { kind: "video", node_id: NODE, content_id: CONTENT, channel_id: CHANNEL };

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

export function token(of = LEARNER, name = "t"): string {
  return `${name}.${Buffer.from(JSON.stringify({ sub: of })).toString("base64url")}.x`;
}

export function problem(status: number, headers: Record<string, string> = {}): Response {
  const body = JSON.stringify({ status, title: "T", detail: "D" });
  return new Response(body, { status, headers: { "content-type": "application/problem+json", ...headers } });
}

export function json(body: unknown): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
}

const STARTED = { session_id: "", context: {}, progress: 0.5, time_spent: 60, extra_fields: {}, complete: false };

export const real = globalThis.indexedDB;
let made = 0;

/** A test on both queues, IndexedDB and memory; the second argument is the name of a queue of its own. */
export function onBoth(name: string, body: (played: Played, queue: string) => Promise<void>): void {
  for (const [where, factory] of [
    ["IndexedDB", real],
    ["memory", undefined],
  ] as const) {
    test(`${name} (${where})`, async () => {
      globalThis.indexedDB = factory as IDBFactory;
      await body(new Played(), `queue ${(made += 1)}`);
    });
  }
}

/** How the queue is, once its sender is in this state; on a busy machine that takes its time. */
export async function until(app: Client, state: Status["state"]): Promise<Status> {
  const end = performance.now() + 20_000;
  for (;;) {
    const status = await app.sync(0.01);
    if (status.state === state) return status;
    if (performance.now() > end) throw new Error(`still ${status.state}, not ${state}`);
  }
}

/** Answers each item with the status that `judge` says, or a request as a whole as `refuse` says. */
export class Played {
  requests: { url: URL; headers: Headers; body: Any; redirect: string | undefined }[] = [];
  items: Any[] = [];
  batches = 0;
  errors: Record<string, string[]> = {};
  judge: (item: Any) => number = () => 200;
  refuse: (request: { url: URL; headers: Headers; text: string }) => Response | null = () => null;

  constructor() {
    globalThis.fetch = async (url, init) => this.answer(new URL(String(url)), init ?? {});
  }

  client(queue: string, options: ClientOptions = {}): Client {
    const given = { learner: LEARNER, token: token(), queue, firstWait: 0.001, longestWait: 0.002, ...options };
    return new Client("http://learntrack/", given);
  }

  private async answer(url: URL, init: RequestInit): Promise<Response> {
    const [headers, text] = [new Headers(init.headers), String(init.body ?? "null")];
    this.requests.push({ url, headers, body: parsed(text), redirect: init.redirect });
    const refused = this.refuse({ url, headers, text });
    if (refused !== null) return refused;
    const { items } = JSON.parse(text) as { items: Any[] };
    this.items.push(...items);
    this.batches += 1;
    return json({ results: items.map((item) => this.result(item)) });
  }

  private result(item: Any): unknown {
    const status = this.judge(item);
    const good = item.start ? STARTED : { complete: false };
    const errors = [400, 409].includes(status) ? this.errors : {};
    return { key: item.key, status, replayed: false, body: status === 200 ? good : { status, detail: "No.", errors } };
  }
}
