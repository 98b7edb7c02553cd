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

export const NOTHING_KNOWN: Readonly<SessionState> = {
  known: false,
  progress: 0,
  time_spent: 0,
  complete: false,
  extra_fields: {},
  mastery_criterion: null,
  attempts: [],
  total_attempts: 0,
  left_out: [],
};
const OTHERS_SHOWN = 10;

/** The state that the answer to a start says. */
export function told(answer: StartAnswer & { left_out?: string[] }): SessionState {
  return {
    known: true,
    progress: answer.progress,
    time_spent: answer.time_spent,
    complete: answer.complete,
    extra_fields: answer.extra_fields,
    mastery_criterion: answer.mastery_criterion ?? null,
    attempts: answer.pastattempts ?? [],
    total_attempts: answer.totalattempts ?? 0,
    left_out: answer.left_out ?? [],
  };
}

/** The state after a visit has begun; a finished try is followed by another one only if `repeat` says so. */
export function afterStart(state: SessionState, start: Start): SessionState {
  const criterion = state.mastery_criterion ?? criterionOf(start);
  if (!start.repeat) return { ...state, mastery_criterion: criterion };
  const again = { ...state, progress: 0, complete: false, mastery_criterion: criterion };
  if (!state.complete || criterion === null) return again;
  return { ...again, time_spent: 0, attempts: [], total_attempts: 0, mastery_criterion: criterionOf(start) };
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

function progressAfter(before: number, update: Update): number {
  if (update.progress_delta != null) return rounded(before + update.progress_delta);
  return update.progress == null ? before : rounded(update.progress);
}

/** Rounded up to thousandths, as the service does, so that many tiny steps still finish. */
function rounded(progress: number): number {
  return Math.min(1, Math.ceil(progress * 1000) / 1000);
}

/** Fold consecutive interactions on one item into the attempt that the first of them names, or into a new one. */
function fold(attempts: AttemptView[], interactions: Interaction[], begun: number[]): void {
  let item: string | undefined;
  let attempt: AttemptView | undefined; // none where this device does not know the one that is named
  for (const each of interactions) {
    if (each.item !== item) {
      item = each.item;
      attempt = namedBy(each, attempts);
      if (attempt === undefined && each.id == null) {
        attempt = begunBy(each);
        begin(attempts, attempt, begun);
        continue;
      }
    }
    if (attempt !== undefined) goOn(attempt, each);
  }
}

/**
 * Put a new attempt where it belongs among those that began in the same update, whose seconds are in `begun`: what took
 * longer began earlier; of equal ones the first recorded counts as the newest.
 */
function begin(attempts: AttemptView[], attempt: AttemptView, begun: number[]): void {
  const later = begun.findIndex((seconds) => seconds > attempt.time_spent);
  const place = later < 0 ? begun.length : later;
  begun.splice(place, 0, attempt.time_spent);
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
    complete: first.complete ?? false,
    hinted: first.hinted ?? false,
    error: first.error ?? false,
    answer: first.answer ?? {},
  };
}

function goOn(attempt: AttemptView, interaction: Interaction): void {
  attempt.time_spent = interaction.time_spent;
  attempt.error ||= interaction.error ?? false;
  attempt.hinted ||= (interaction.hinted ?? false) && !attempt.correct;
  if (interaction.replace) {
    attempt.correct = Number(interaction.correct);
    attempt.answer = interaction.answer ?? attempt.answer;
  }
  attempt.complete ||= interaction.complete ?? false;
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
