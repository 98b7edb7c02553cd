// Requests to the service, with the learner's token.
import { type Answer, problemIn } from "./judging.js";
import { SignedOut, Unreachable, problemOf } from "./problems.js";
import { plainId } from "./shapes.js";

/** A token, or what returns one when it is needed: called with the token that the service has refused, or null. */
export type TokenSource = string | ((refused: string | null) => string | null | Promise<string | null>);
/** What a filter may be; null is none. */
export type Filter = string | number | boolean | null | undefined;

const ANSWER_SECONDS = 75; // the service answers within 60 s, be it by 503
const TOKEN_SECONDS = 60; // an app's function that never returns must not keep the queue for ever

export class Service {
  private token: string | null = null;
  private readonly address: string;

  constructor(
    address: string,
    private readonly learner: string | null,
    private readonly source: TokenSource | null,
    private readonly stop: AbortSignal,
  ) {
    this.address = address.replace(/\/+$/, "");
  }

  /**
   * The answer to a question. Rejects with `Problem` where it was refused, `SignedOut` without a token that is taken,
   * `Unreachable` where nobody answers, or not the service.
   */
  async get<T>(path: string, query: Record<string, Filter> = {}): Promise<T> {
    const given = Object.entries(query).filter(([, value]) => value != null);
    const parameters = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    const answer = await this.send("GET", parameters ? `${path}?${parameters}` : path);
    if (answer === null) throw new Unreachable("The service does not answer.");
    if (answer.status === 401) throw new SignedOut("The service does not take the token.");
    const problem = answer.status >= 400 ? problemIn(answer) : null;
    if (problem !== null) throw problemOf(problem, answer.retryAfter);
    if (answer.status !== 200 || answer.contentType !== "application/json") {
      throw new Unreachable("What answers is not the service.");
    }
    return JSON.parse(answer.body) as T;
  }

  /**
   * The answer to a request; null: there was none. Where the token is refused, a new one is asked for, once. Rejects
   * with `SignedOut` where there is none, or it is another learner's.
   */
  async send(method: string, path: string, body?: string): Promise<Answer | null> {
    const answer = await this.sendOnce(method, path, body);
    if (answer?.status !== 401 || this.source === null) return answer;
    const refused = this.token;
    this.token = null;
    return (await this.current(refused)) === refused ? answer : this.sendOnce(method, path, body);
  }

  private async sendOnce(method: string, path: string, body?: string): Promise<Answer | null> {
    const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    const token = await this.current(null);
    if (token !== null) headers["Authorization"] = `Bearer ${token}`;
    const end = new AbortController();
    const give = (): void => end.abort();
    const timer = setTimeout(give, ANSWER_SECONDS * 1000);
    this.stop.addEventListener("abort", give);
    try {
      const sent = { method, headers, redirect: "error", cache: "no-store", signal: end.signal } as const;
      const found = await fetch(this.address + path, body === undefined ? sent : { ...sent, body });
      const contentType = (found.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
      const retryAfter = secondsOf(found.headers.get("retry-after"));
      return { status: found.status, contentType, body: await found.text(), retryAfter };
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      this.stop.removeEventListener("abort", give);
    }
  }

  private async current(refused: string | null): Promise<string | null> {
    if (this.token === null && this.source !== null) this.token = checked(await this.asked(refused), this.learner);
    return this.token;
  }

  private async asked(refused: string | null): Promise<string | null> {
    if (typeof this.source === "string" || this.source === null) return this.source;
    let timer: unknown;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("not in time")), TOKEN_SECONDS * 1000);
    });
    try {
      return await Promise.race([this.source(refused), late]);
    } catch (error) {
      throw new SignedOut(`The token could not be had: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      clearTimeout(timer as number);
    }
  }
}

/** The token, if it is this learner's: on a shared device another one may be signed in by now. */
function checked(token: string | null, learner: string | null): string {
  if (token === null) throw new SignedOut("There is no token.");
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

/** The seconds that a Retry-After says, which may be a date too. */
function secondsOf(retryAfter: string | null): number | null {
  if (retryAfter === null) return null;
  const seconds = /^\d+(\.\d+)?$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}
