// What can go wrong, by name. Each problem that the service tells has its `status`, `title`, `detail` and `errors`.
import type { ProblemDocument } from "./shapes.js";

/** Anything that this package throws. */
export class LearntrackError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** The queue holds as much as it may; nothing was stored. `Status.nearly_full` told so before. */
export class QueueFull extends LearntrackError {}

/** The queue cannot be read or written: the browser has taken it away, or a later release has made it anew. */
export class QueueUnusable extends LearntrackError {}

/** The client is closed. */
export class Closed extends LearntrackError {}

/** The service did not answer, or what answered is not the service. */
export class Unreachable extends LearntrackError {}

/** There is no token that the service takes for this learner. */
export class SignedOut extends LearntrackError {}

/** The service refused a request. `retryAfter`: seconds after which it may be asked again, where it said so. */
export class Problem extends LearntrackError {
  declare readonly status: number;
  declare readonly title: string;
  declare readonly detail: string;
  declare readonly errors: Record<string, string[]>;

  constructor(
    document: ProblemDocument,
    readonly retryAfter: number | null = null,
  ) {
    super(document.detail || document.title);
    Object.assign(this, document);
  }
}

/**
 * Fields are missing or wrong (400); `errors` has the messages by field. `start` and `update` throw it themselves for
 * what no service would take, and store nothing.
 */
export class InvalidFields extends Problem {}
/** The caller may not do this (403). */
export class Forbidden extends Problem {}
/** There is no such thing, or it is not the caller's to read (404). */
export class NotFound extends Problem {}
/** It is larger than the service accepts (413). */
export class TooLarge extends Problem {}
/** The service cannot answer just now (408, 409, 429, 503). */
export class Busy extends Problem {}

const BY_STATUS: Record<number, typeof Problem> = {
  400: InvalidFields,
  403: Forbidden,
  404: NotFound,
  408: Busy,
  409: Busy,
  413: TooLarge,
  429: Busy,
  503: Busy,
};

/** The error for a problem document. */
export function problemOf(document: ProblemDocument, retryAfter: number | null = null): Problem {
  return new (BY_STATUS[document.status] ?? Problem)(document, retryAfter);
}

/** The refusal of fields that no service would take. */
export function invalid(errors: Record<string, string[]>): InvalidFields {
  const detail = Object.entries(errors).map(([field, messages]) => `${field}: ${messages.join(" ")}`);
  return new InvalidFields({ status: 400, title: "Bad Request", detail: detail.join("; "), errors });
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return String((error as Partial<Error> | null)?.message ?? error);
}
