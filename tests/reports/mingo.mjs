// Answers pipelines as npm's mingo understands them. In: a JSON object {collections, questions: [{collection, pipeline}]}
// with dates as {"$date": …}; out: the rows of each question, in the same form.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.argv[2]);
const { Aggregator } = require("mingo/aggregator");
const { Context } = require("mingo/core");
const { compare } = require("mingo/util");
const kinds = ["accumulator", "expression", "pipeline", "projection", "query", "window"];
const operators = Object.fromEntries(kinds.map((kind) => [kind, require(`mingo/operators/${kind}`)]));
const { $push } = operators.accumulator;
const { $lookup } = operators.pipeline;

// mingo compares documents by their fields in the order of the alphabet; MongoDB by their own, which decides about the
// first and the latest answer where `{at, number, …}` or `{end, number, …}` are compared.
const isDocument = (value) => value !== null && typeof value === "object" && value.constructor === Object;
const inOrder = (one, other) => {
  if (!isDocument(one) || !isDocument(other)) return compare(one, other);
  for (const key of Object.keys(one)) {
    const found = inOrder(one[key], other[key]);
    if (found) return found;
  }
  return 0;
};
const extreme = (sign) => (rows, expression, options) =>
  $push(rows, expression, options)
    .filter((value) => value !== null && value !== undefined)
    .reduce((best, value) => (best === null || sign * inOrder(value, best) > 0 ? value : best), null);
// Of a list that leads nowhere it makes a list of nothing, with one entry; MongoDB an empty one.
const lookup = (rows, expression, options) =>
  $lookup(rows, expression, options).map((row) => ({ ...row, [expression.as]: row[expression.as].filter((each) => each !== undefined) }));
const context = Context.init({
  ...operators,
  accumulator: { ...operators.accumulator, $max: extreme(1), $min: extreme(-1) },
  pipeline: { ...operators.pipeline, $lookup: lookup },
});
const isDate = (value) => value !== null && typeof value === "object" && "$date" in value;
const { collections, questions } = JSON.parse(readFileSync(0, "utf8"), (_, value) => (isDate(value) ? new Date(value.$date) : value));
const plain = (value) => {
  if (value instanceof Date) return { $date: value.toISOString() };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
};
const collectionResolver = (name) => collections[name] ?? [];
const answers = questions.map(({ collection, pipeline }) =>
  new Aggregator(pipeline, { collectionResolver, processingMode: "CLONE_ALL", context }).run(collectionResolver(collection)),
);
process.stdout.write(JSON.stringify(answers.map(plain)));
