// Records how learners use content in learntrack, online or not.
export { Client, type ClientOptions, Session } from "./client.js";
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
export type { Filters } from "./reading.js";
export type { TokenSource } from "./service.js";
export type {
  Aside,
  Attempt,
  AttemptView,
  Content,
  Criterion,
  Diff,
  Interaction,
  ProblemDocument,
  ReportName,
  Status,
  Total,
  Try,
  Update,
} from "./shapes.js";
