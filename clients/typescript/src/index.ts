// Records how learners use content in learntrack, online or not.
export { Client, type ClientOptions } from "./client.js";
export type { SessionState } from "./local_state.js";
export {
  Busy,
  Closed,
  Forbidden,
  InvalidFields,
  LearntrackError,
  NotFound,
  Problem,
  QueueFull,
  QueueUnusable,
  SignedOut,
  TooLarge,
  Unreachable,
} from "./problems.js";
export type { TokenSource } from "./service.js";
export { Session } from "./session.js";
export type {
  Aside,
  Attempt,
  AttemptFilters,
  AttemptView,
  Content,
  Criterion,
  Diff,
  DiffFilters,
  Interaction,
  Kind,
  MasteryModel,
  Me,
  NodeContent,
  ProblemDocument,
  QuizContent,
  ReportFilters,
  ReportName,
  RosterKind,
  RosterRecords,
  SenderState,
  Status,
  Total,
  Try,
  TryFilters,
  UnitTestContent,
  Update,
} from "./shapes.js";
