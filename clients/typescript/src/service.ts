// Requests to the service, with the learner's token.
import { type Answer, NOT_TAKEN, NOT_THE_SERVICE, NO_ANSWER, parsed, problemIn } from "./judging.js";
import { Closed, SignedOut, Unreachable, invalid, messageOf, problemOf } from "./problems.js";
import { plainId } from "./shapes.js";
import { limited } from "./signal.js";

/** A token, or what returns one when it is needed: called with the token that the service has refused, or null. */
export type TokenSource = string | ((refused: string | null) => string | null | Promise<string | null>);
/** What a filter may be; null is none. */
export type Filter = string | number | boolean | null | undefined;

const ANSWER_SECONDS = 75; // the service answers within 60 s, be it by 503
const SLOWEST = 2048; // bytes a second of a network that still counts as one: what is larger has longer to arrive
const TOKEN_SECONDS = 60; // an app's function that never returns must not keep the queue for ever
const LARGEST = 2 ** 24; // letters of an answer to what was sent; the service's have half as many at the most
const LONGEST_RETRY_AFTER = 3600; // what wants to be left alone for longer is not the service, or its clock is wrong

export class Service {
  private token: string | undefined;
  private asking: Promise<string> | undefined;
  private readonly address: string;

  constructor(
    address: string,
    private readonly learner: string | null,
    private readonly source: TokenSource | null | undefined,
    private readonly stop: AbortSignal,
  ) {
    this.address = address.replace(/\/+$/, "");
  }

  /**
   * The answer to a question. Rejects with `Problem` where it was refused, or a parameter is not known, `SignedOut`
   * without a token that is taken, `Unreachable` where nobody answers, or not the service.
   */
  async get<T>(path: string, query: Record<string, Filter> = {}): Promise<T> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value != null) parameters.set(name, String(value));
    const answer = await this.send("GET", `${path}?${parameters}`);
    if (!answer) throw new Unreachable(NO_ANSWER);
    const { status, body, retryAfter, ignored } = answer;
    if (status === 401) throw new SignedOut(NOT_TAKEN);
    const problem = status >= 400 && problemIn(answer);
    if (problem) throw problemOf(problem, retryAfter);
    if (ignored) {
      // What it answered is about more than was asked for.
      throw invalid(Object.fromEntries(ignored.split(", ").map((name) => [name, ["There is no such filter."]])));
    }
    if (status === 200 && body) return body as T;
    throw new Unreachable(NOT_THE_SERVICE);
  }

  /** All rows of a list, page by page. */
  async *rows<T>(path: string, page_size: number, query: Record<string, Filter>): AsyncGenerator<T> {
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const found = await this.get<{ total_pages: number; results: T[] }>(path, { page_size, ...query, page });
      if (!Array.isArray(found.results)) throw new Unreachable(NOT_THE_SERVICE);
      yield* found.results;
      pages = found.total_pages;
    }
  }

  /**
   * The answer to a request; null: there was none. Where the token is refused, a new one is asked for, once. Rejects
   * with `SignedOut` where there is none, or it is another learner's.
   */
  async send(method: string, path: string, given: string | null = null): Promise<Answer | null> {
    const token = await this.current(null);
    const answer = await this.sendOnce(method, path, given, token);
    if (answer?.status !== 401 || token === null) return answer;
    const fresh = await this.current(token);
    return fresh === token ? answer : this.sendOnce(method, path, given, fresh);
  }

  private async sendOnce(
    method: string,
    path: string,
    given: string | null,
    token: string | null,
  ): Promise<Answer | null> {
    if (this.stop.aborted) throw new Closed("The client is closed.");
    const headers: Record<string, string> = given === null ? {} : { "Content-Type": "application/json" };
    if (token !== null) headers["Authorization"] = `Bearer ${token}`;
    try {
      return await limited(ANSWER_SECONDS + (given?.length ?? 0) / SLOWEST, this.stop, async (signal, longer) => {
        const sent = { method, headers, body: given, redirect: "manual", cache: "no-store", signal } as const;
        const found = await fetch(this.address + path, sent);
        const type = found.headers.get("content-type") ?? "";
        let body = null; // a hotel's page may have no end
        if (/json/i.test(type)) body = parsed(await (given === null ? found.text() : read(found, longer)));
        const isProblem = /problem\+json/i.test(type);
        const ignored = found.headers.get("ignored-parameters");
        return { status: found.status, isProblem, body, retryAfter: secondsOf(found.headers), ignored };
      });
    } catch {
      return null;
    }
  }

  /**
   * The token to be sent: a fresh one, where it is this one that was refused. It is asked for once, however many
   * requests were refused at the same time.
   */
  private async current(refused: string | null): Promise<string | null> {
    if (this.learner === null) return null;
    if (this.token && this.token !== refused) return this.token;
    this.token = undefined;
    this.asking ??= this.asked(refused)
      .then((given) => (this.token = checked(given, this.learner)))
      .finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async asked(refused: string | null): Promise<unknown> {
    const source = this.source;
    if (typeof source !== "function") return source;
    try {
      return await limited(TOKEN_SECONDS, this.stop, async () => source(refused));
    } catch (error) {
      throw new SignedOut(`The token could not be had: ${messageOf(error)}`);
    }
  }
}

/** The text of an answer, which has longer to arrive the larger it is. */
async function read(found: Response, longer: (seconds: number) => void): Promise<string> {
  const [pieces, decoder] = [(found.body as ReadableStream<Uint8Array>).getReader(), new TextDecoder()];
  for (let text = ""; text.length < LARGEST; ) {
    const { done, value } = await pieces.read();
    if (done) return text;
    longer(value.length / SLOWEST);
    text += decoder.decode(value, { stream: true });
  }
  return ""; // there is no such answer
}

/** The token, if it is this learner's: on a shared device another one may be signed in by now. */
function checked(given: unknown, learner: string | null): string {
  if (given == null) throw new SignedOut("There is no token.");
  const token = typeof given === "string" ? given.trim() : "";
  if (!/^[\x21-\x7e]+$/.test(token)) throw new SignedOut("The token is no token.");
  let subject: unknown;
  try {
    const claims = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    subject = (JSON.parse(atob(claims)) as { sub?: unknown }).sub;
  } catch {
    return token; // not for us to judge: the service will
  }
  if (typeof subject === "string" && plainId(subject) !== learner) {
    throw new SignedOut("The token is another learner's.");
  }
  return token;
}

/**
 * The seconds that a Retry-After says, an hour at the most. One that is a date is seen from the answer's own, where the
 * browser shows it: the device's clock may be years off.
 */
function secondsOf(headers: Headers): number | null {
  const said = headers.get("retry-after");
  if (!said) return null;
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  const seconds = Number.isNaN(Number(said)) ? (Date.parse(said) - now) / 1000 : Number(said);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(0, seconds), LONGEST_RETRY_AFTER);
}
