// Answers pipelines as npm's mingo understands them. In: a JSON object {collections, questions: [{collection, pipeline}]}
// with dates as {"$date": …}; out: the rows of each question, in the same form.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { Aggregator } = createRequire(process.argv[2])("mingo");
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
  new Aggregator(pipeline, { collectionResolver, processingMode: "CLONE_ALL" }).run(collectionResolver(collection)),
);
process.stdout.write(JSON.stringify(answers.map(plain)));
