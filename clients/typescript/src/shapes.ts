// What an app says and hears. Fields are the API's, with its units: seconds, and fractions from 0 to 1.
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

/** The kind of a node's content. */
export type Kind = Schemas["Kind"];
/** What mastery of an exercise demands; a practice quiz is an exercise of type `quiz`. */
export type MasteryModel = Schemas["MasteryModel"];
/** A node of a channel; an exercise needs its `mastery_model`, other kinds must have none. */
export type NodeContent = Pick<Start, "lesson_id" | "course_session_id" | "mastery_model"> & {
  kind: Kind;
  node_id: string;
  content_id: string;
  channel_id: string;
  quiz_id?: null;
  unit_id?: null;
  test_type?: null;
};
/** A coach's quiz. */
export type QuizContent = Pick<Start, "course_session_id"> & {
  quiz_id: string;
  node_id?: null;
  lesson_id?: null;
  unit_id?: null;
};
/** The test of a course's unit. */
export type UnitTestContent = {
  unit_id: string;
  test_type: Schemas["TestType"];
  course_session_id: string;
  node_id?: null;
  lesson_id?: null;
  quiz_id?: null;
};
/** What is visited: a node of a channel, a coach's quiz, or the test of a course's unit. */
export type Content = NodeContent | QuizContent | UnitTestContent;
/** What a learner did at a question: answered it, took a hint, or met an error. */
export type Interaction = Schemas["Interaction"];
/** What happened since the last update. */
export type Update = Schemas["SessionUpdate"];
export type Criterion = Schemas["MasteryCriterion"];
export type JsonObject = Record<string, unknown>;
export type ItemKind = "start" | "update";

/** An attempt as an app needs it to decide on mastery; `id` is null as long as the service has not told it. */
export type AttemptView = Omit<Schemas["AttemptView"], "id" | "answer_omitted"> & { id: string | null };
export type Try = Schemas["MasteryLogRow"];
export type Attempt = Schemas["AttemptLogRow"];
export type Diff = Schemas["MasteryLogDiff"];
export type Total = Schemas["TotalProgress"];
export type ReportName = Schemas["ReportName"];
export type Me = Schemas["Me"];
type Asked<P extends keyof paths> = NonNullable<paths[P]["get"]["parameters"]["query"]>;
/** Filters as they may be given: null is none. Pages are asked for by the client. */
type Given<F> = { [N in keyof F]?: F[N] | null };
export type TryFilters = Given<Omit<Asked<"/api/logger/masterylog">, "page">>;
export type AttemptFilters = Given<Omit<Asked<"/api/logger/attemptlog">, "page">>;
export type DiffFilters = Given<Omit<Asked<"/api/logger/masterylog/{index}/diff">, "content" | "user">>;
export type ReportFilters = Given<Omit<Asked<"/api/reports/{name}">, "page" | "format" | "bom">>;
export type RosterKind = paths["/api/roster/{kind}"]["get"]["parameters"]["path"]["kind"];
/** The rows of the roster, by kind. */
export type RosterRecords = { [K in RosterKind]: NonNullable<Schemas["Roster"][K]>[number] };

/** A start as it is sent. */
export type Start = Schemas["SessionStart"];
/** What the service answers to a start. */
export type StartAnswer = Schemas["SessionStarted"];
/** What the service answers to an update. */
export type UpdateAnswer = Schemas["SessionUpdated"];

/** Why something was refused (RFC 9457); `errors` are messages by field. */
export interface ProblemDocument {
  status: number;
  title: string;
  detail: string;
  errors: Record<string, string[]>;
}

/** An item of the queue that the service refused for good: what it was, and the service's answer. */
export interface Aside {
  key: string;
  session_id: string;
  kind: ItemKind;
  occurred_at: string;
  body: JsonObject;
  problem: ProblemDocument;
}

/**
 * `waiting`: for the network or the service, `trouble` says why; `signed_out`: for a token; `elsewhere`: another tab of
 * this queue sends.
 */
export type SenderState = "idle" | "sending" | "waiting" | "signed_out" | "elsewhere";

/**
 * How the queue is. `waiting` items are to be sent, `aside` ones were refused. `nearly_full` from four fifths on of
 * what it may hold, in items or in bytes; once it is full, `start` and `update` throw `QueueFull`. `durable`: whether
 * it outlives the page.
 */
export interface Status {
  waiting: number;
  aside: number;
  bytes: number;
  nearly_full: boolean;
  durable: boolean;
  state: SenderState;
  trouble: string | null;
}

/** A new UUID. `crypto.randomUUID` is only there where a page came by https; a school's own server has none. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A UUID in the form that the service answers: 32 lowercase digits. */
export function plainId(text: string): string {
  return text.replaceAll("-", "").toLowerCase();
}

/** What tells a content from others: progress is kept for each of them. */
export function nameOf(content: Start): string {
  if (content.quiz_id) return `quiz ${plainId(content.quiz_id)}`;
  if (content.unit_id) {
    return `test ${plainId(content.course_session_id ?? "")} ${plainId(content.unit_id)} ${content.test_type}`;
  }
  return `content ${plainId(content.content_id ?? "")}`;
}
