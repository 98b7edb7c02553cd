// Reading what was recorded: lists page by page, single ones, the diff between tries, totals, reports.
import type { Filter, Service } from "./service.js";
import type { Attempt, Diff, JsonObject, Me, ReportName, RosterKind, Total, Try } from "./shapes.js";

export type Filters = Record<string, Filter>;

/**
 * Questions to the service. Filters have the API's names (`content`, `user`, `classroom`, …), `page_size` among them.
 * Each rejects with `Problem` where it is refused, `SignedOut` without a token, `Unreachable` where nobody answers.
 */
export abstract class Reading {
  protected abstract readonly service: Service;

  /** Tries at assessments, newest first; further fields with `include: "user,content"`. */
  tries(filters: Filters = {}): AsyncGenerator<Try> {
    return this.service.rows("/api/logger/masterylog", { page_size: 100, ...filters });
  }

  /** Attempts at questions, by try, then by start. */
  attempts(filters: Filters = {}): AsyncGenerator<Attempt> {
    return this.service.rows("/api/logger/attemptlog", { page_size: 100, ...filters });
  }

  /** What has changed between a try (0: the latest, 1: the one before) and the one before it. */
  diff(content: string, user: string, index = 0, filters: Filters = {}): Promise<Diff> {
    return this.service.get(`/api/logger/masterylog/${index}/diff`, { content, user, ...filters });
  }

  /** How much somebody has finished. */
  total(user: string): Promise<Total> {
    return this.service.get(`/api/logger/totalcontentprogress/${encodeURIComponent(user)}`);
  }

  /** Which reports there are. */
  reports(): Promise<ReportName[]> {
    return this.service.get("/api/reports");
  }

  /** The rows of a report. */
  report(name: string, filters: Filters = {}): AsyncGenerator<JsonObject> {
    return this.service.rows(`/api/reports/${encodeURIComponent(name)}`, { page_size: 1000, ...filters });
  }

  /** The people, classes or assignments that the caller may see. */
  roster(kind: RosterKind, filters: Filters = {}): AsyncGenerator<JsonObject> {
    return this.service.rows(`/api/roster/${kind}`, { page_size: 1000, ...filters });
  }

  /** Who the caller is: user, roles, classes and groups. */
  me(): Promise<Me> {
    return this.service.get("/api/me");
  }
}
