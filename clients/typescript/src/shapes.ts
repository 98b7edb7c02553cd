// What an app says and hears. Fields are the API's, with its units: seconds, and fractions from 0 to 1.
import type { components } from "./api.js";

type Schemas = components["schemas"];

/** What is visited: a node of a channel, a coach's quiz, or the test of a course's unit. */
export type Content = Omit<Schemas["SessionStart"], "repeat">;
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
export type RosterKind =
  | "facilities"
  | "classrooms"
  | "learner_groups"
  | "users"
  | "memberships"
  | "roles"
  | "lessons"
  | "quizzes"
  | "course_sessions"
  | "contents";

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
 * How the queue is. `waiting` items are to be sent, `aside` ones were refused. `nearly_full` from four fifths on of what
 * it may hold, in items or in bytes; once it is full, `start` and `update` throw `QueueFull`. `durable`: whether it
 * outlives the page.
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
export function nameOf(content: Content): string {
  if (content.quiz_id) return `quiz ${plainId(content.quiz_id)}`;
  if (content.unit_id) {
    return `test ${plainId(content.course_session_id ?? "")} ${plainId(content.unit_id)} ${content.test_type}`;
  }
  return `content ${plainId(content.content_id ?? "")}`;
}
