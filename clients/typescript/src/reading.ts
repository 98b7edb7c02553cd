// Reading what was recorded: lists page by page, single ones, the diff between tries, totals, reports.
import type { Service } from "./service.js";
import type {
  Attempt,
  AttemptFilters,
  Diff,
  DiffFilters,
  JsonObject,
  Me,
  ReportFilters,
  ReportName,
  RosterKind,
  RosterRecords,
  Total,
  Try,
  TryFilters,
} from "./shapes.js";

/**
 * Questions to the service. Filters have the API's names (`content`, `user`, `classroom`, …), `page_size` among them.
 * Each rejects with `Problem` where it is refused, `SignedOut` without a token, `Unreachable` where nobody answers.
 */
export abstract class Reading {
  protected abstract readonly service: Service;

  /** Tries at assessments, newest first; further fields with `include: "user,content"`. */
  tries(filters: TryFilters = {}): AsyncGenerator<Try> {
    return this.service.rows("/api/logger/masterylog", 100, filters);
  }

  /** Attempts at questions, by try, then by start. */
  attempts(filters: AttemptFilters = {}): AsyncGenerator<Attempt> {
    return this.service.rows("/api/logger/attemptlog", 100, filters);
  }

  /** What has changed between a try (0: the latest, 1: the one before) and the one before it. */
  diff(content: string, user: string, index = 0, filters: DiffFilters = {}): Promise<Diff> {
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

  /** The rows of a report; `reports` tells their columns. */
  report(name: string, filters: ReportFilters = {}): AsyncGenerator<JsonObject> {
    return this.service.rows(`/api/reports/${encodeURIComponent(name)}`, 1000, filters);
  }

  /** The people, classes or assignments that the caller may see. */
  roster<K extends RosterKind>(kind: K, filters: { page_size?: number | null } = {}): AsyncGenerator<RosterRecords[K]> {
    return this.service.rows(`/api/roster/${kind}`, 1000, filters);
  }

  /** Who the caller is: user, roles, classes and groups. */
  me(): Promise<Me> {
    return this.service.get("/api/me");
  }
}
