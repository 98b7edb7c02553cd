// What no service would take is refused before it is stored: an app's developer sees it at once, with the field.
import { invalid } from "./problems.js";
import type { Content, Update } from "./shapes.js";

const REQUIRED = "This field is required.";

type Errors = Record<string, string[]>;

/** Throws `InvalidFields` unless something is named that can be visited. */
export function checkContent(content: Content): void {
  const errors: Errors = {};
  const require = (...names: (keyof Content)[]): void => {
    for (const name of names) if (content[name] == null) errors[name] = [REQUIRED];
  };
  if (content.quiz_id == null && content.unit_id == null && content.node_id == null) {
    errors["node_id"] = ["One of node_id, quiz_id and unit_id is required."];
  }
  if (content.node_id != null) require("kind", "content_id", "channel_id");
  if (content.kind === "exercise" && content.mastery_model == null) {
    errors["mastery_model"] = ["Required for kind exercise."];
  }
  if (content.unit_id != null) require("test_type", "course_session_id");
  throwIfAny(errors);
}

/** Throws `InvalidFields` unless the numbers are in their ranges, and what is required is there. */
export function checkUpdate(update: Update): void {
  const errors: Errors = {};
  if (update.progress != null && update.progress_delta != null) {
    errors["progress"] = ["Must not be given together with progress_delta."];
  }
  checkFraction("progress", update.progress, errors);
  checkFraction("progress_delta", update.progress_delta, errors);
  checkSeconds("time_spent_delta", update.time_spent_delta, errors);
  for (const [number, each] of (update.interactions ?? []).entries()) {
    const where = `interactions[${number}]`;
    checkFraction(`${where}.correct`, each.correct, errors);
    checkSeconds(`${where}.time_spent`, each.time_spent, errors);
    if (!each.item?.trim()) errors[`${where}.item`] = [REQUIRED];
    if (each.answer == null && !each.error) errors[`${where}.answer`] = ["Required unless error is true."];
  }
  throwIfAny(errors);
}

function checkFraction(name: string, value: number | null | undefined, errors: Errors): void {
  if (value != null && !(value >= 0 && value <= 1)) errors[name] = ["Must be 0.0–1.0."];
}

function checkSeconds(name: string, value: number | null | undefined, errors: Errors): void {
  if (value != null && !(value >= 0 && value < Infinity)) errors[name] = ["Must be seconds, 0 or more."];
}

function throwIfAny(errors: Errors): void {
  if (Object.keys(errors).length > 0) throw invalid(errors);
}
