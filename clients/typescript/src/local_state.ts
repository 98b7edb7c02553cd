// What a content will be once all that waits is sent: the service's last answer, and what was done since.
// It follows what the service does with an update (docs/clients.md: the life of a session), to be shown offline.
// Only what goes on with an attempt older than those that are shown is not seen here, until the service tells it.
import type {
  AttemptView,
  Criterion,
  Interaction,
  JsonObject,
  Start,
  StartAnswer,
  Update,
  UpdateAnswer,
} from "./shapes.js";

/**
 * Where the learner is in a content. `known`: whether the service has ever told this device about it; if not, what was
 * done elsewhere is not in here. `attempts` are the newest of this try, newest first, as many as mastery is decided on;
 * `mastery_criterion` and they are there for assessments.
 */
export interface SessionState {
  known: boolean;
  progress: number;
  time_spent: number;
  complete: boolean;
  extra_fields: JsonObject;
  mastery_criterion: Criterion | null;
  attempts: AttemptView[];
  total_attempts: number;
  left_out: string[];
}

const OTHERS_SHOWN = 10;

/** The state that the answer to a start says. */
export function told(answer: Omit<StartAnswer, "session_id" | "context"> & { left_out?: string[] }): SessionState {
  const { progress, time_spent, complete, extra_fields, mastery_criterion = null } = answer;
  const [attempts, total_attempts] = [answer.pastattempts ?? [], answer.totalattempts ?? 0];
  const known = { known: true, progress, time_spent, complete, extra_fields, mastery_criterion };
  return { ...known, attempts, total_attempts, left_out: answer.left_out ?? [] };
}

export const NOTHING_KNOWN: Readonly<SessionState> = {
  ...told({ progress: 0, time_spent: 0, complete: false, extra_fields: {} }),
  known: false,
};

/** The state after a visit has begun; a finished try is followed by another one only if `repeat` says so. */
export function afterStart(state: SessionState, start: Start): SessionState {
  const mastery_criterion = state.mastery_criterion ?? criterionOf(start);
  const begun = { ...state, mastery_criterion };
  if (!start.repeat) return begun;
  const anew = { time_spent: 0, attempts: [], total_attempts: 0, mastery_criterion: criterionOf(start) };
  return { ...begun, ...(state.complete && mastery_criterion && anew), progress: 0, complete: false };
}

/** The state after an update. */
export function afterUpdate(state: SessionState, update: Update): SessionState {
  const progress = progressAfter(state.progress, update);
  const attempts = state.attempts.map((attempt) => ({ ...attempt }));
  const begun: number[] = [];
  fold(attempts, update.interactions ?? [], begun);
  return {
    ...state,
    progress,
    time_spent: state.time_spent + (update.time_spent_delta ?? 0),
    complete: progress >= 1 || (state.complete && state.mastery_criterion !== null),
    extra_fields: update.extra_fields ?? state.extra_fields,
    attempts: attempts.slice(0, shown(state.mastery_criterion)),
    total_attempts: state.total_attempts + begun.length,
  };
}

/** The state after an update that the service has answered: its attempts as it tells them, with their ids. */
export function afterAnswer(before: SessionState, update: Update, answer: UpdateAnswer | null): SessionState {
  const after = afterUpdate(before, update);
  if (!answer?.attempts?.length) return after;
  const attempts = [...before.attempts];
  const begun: number[] = [];
  for (const one of answer.attempts) {
    const place = attempts.findIndex((each) => each.id === one.id);
    if (place < 0) begin(attempts, one, begun);
    else attempts[place] = one;
  }
  return { ...after, attempts: attempts.slice(0, shown(before.mastery_criterion)) };
}

/** Rounded up to thousandths, as the service does, so that many tiny steps still finish. */
function progressAfter(before: number, { progress, progress_delta: more }: Update): number {
  const progressed = more == null ? progress : before + more;
  return progressed == null ? before : Math.min(1, Math.ceil(progressed * 1000) / 1000);
}

/** Fold consecutive interactions on one item into the attempt that the first of them names, or into a new one. */
function fold(attempts: AttemptView[], interactions: Interaction[], begun: number[]): void {
  let item: string | undefined;
  let attempt: AttemptView | undefined; // none where this device does not know the one that is named
  for (const each of interactions) {
    if (each.item !== item) {
      item = each.item;
      attempt = namedBy(each, attempts);
      if (!attempt && each.id == null) {
        attempt = begunBy(each);
        begin(attempts, attempt, begun);
        continue;
      }
    }
    if (attempt) goOn(attempt, each);
  }
}

/**
 * Put a new attempt where it belongs among those that began in the same update, whose seconds are in `begun`: what took
 * longer began earlier; of equal ones the first recorded counts as the newest.
 */
function begin(attempts: AttemptView[], attempt: AttemptView, begun: number[]): void {
  const place = begun.filter((seconds) => seconds <= attempt.time_spent).length;
  begun.push(attempt.time_spent);
  attempts.splice(place, 0, attempt);
}

function namedBy(first: Interaction, attempts: AttemptView[]): AttemptView | undefined {
  if (first.id != null) return attempts.find((each) => each.id === first.id);
  return first.replace ? attempts.find((each) => each.item === first.item) : undefined;
}

function begunBy(first: Interaction): AttemptView {
  return {
    id: null,
    item: first.item,
    correct: Number(first.correct), // which may be true
    time_spent: first.time_spent,
    complete: !!first.complete,
    hinted: !!first.hinted,
    error: !!first.error,
    answer: first.answer ?? {},
  };
}

function goOn(attempt: AttemptView, interaction: Interaction): void {
  attempt.time_spent = interaction.time_spent;
  attempt.error ||= !!interaction.error;
  attempt.hinted ||= !!interaction.hinted && !attempt.correct;
  if (interaction.replace) {
    attempt.correct = Number(interaction.correct);
    attempt.answer = interaction.answer ?? attempt.answer;
  }
  attempt.complete ||= !!interaction.complete;
}

function criterionOf(start: Start): Criterion | null {
  if (start.quiz_id != null) return { type: "quiz", coach_assigned: true } as Criterion;
  if (start.unit_id != null) return { type: "pre_post_test", test_type: start.test_type } as Criterion;
  return (start.mastery_model ?? null) as Criterion | null;
}

/** How many attempts mastery is decided on; undefined: all. */
function shown(criterion: Criterion | null): number | undefined {
  const kind = String(criterion?.type ?? "");
  if (/^(quiz|pre_post_test)$/.test(kind)) return undefined;
  if (kind === "m_of_n" && typeof criterion?.n === "number") return Math.max(0, criterion.n);
  return Number(/^num_correct_in_a_row_(\d+)$/.exec(kind)?.[1] ?? OTHERS_SHOWN);
}
