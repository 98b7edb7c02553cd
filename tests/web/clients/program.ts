// What an app in TypeScript does with generated types: starts a session, updates it, lists tries, and is told of a 400.
import createClient from "openapi-fetch";
import type { paths } from "./api";

const [address, token] = process.argv.slice(2) as [string, string];
const id = () => crypto.randomUUID();

function check(holds: unknown, what: unknown): asserts holds {
  if (!holds) throw new Error(JSON.stringify(what));
}

async function main(): Promise<void> {
  const app = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });
  const content = id();
  const started = await app.POST("/api/logger/contentsession", {
    body: {
      node_id: id(),
      content_id: content,
      channel_id: id(),
      kind: "exercise",
      mastery_model: { type: "m_of_n", m: 1, n: 2 },
    },
  });
  check(started.data, started.error);
  const path = { session_id: started.data.session_id };
  const updated = await app.PUT("/api/logger/contentsession/{session_id}", {
    params: { path },
    body: {
      progress: 1,
      extra_fields: { at: [1, null] },
      interactions: [{ item: "q1", correct: 1, time_spent: 2.5, answer: { value: 1 } }],
    },
  });
  check(updated.data?.complete, updated.error);
  const listed = await app.GET("/api/logger/masterylog", {
    params: { query: { content, complete: true, page_size: 5, include: "mastery_level" } },
  });
  check(listed.data && "results" in listed.data, listed.error);
  check(listed.data.results[0]?.mastery_level === 1, listed.data);
  const refused = await app.PUT("/api/logger/contentsession/{session_id}", { params: { path }, body: { progress: 2 } });
  check(refused.error && "errors" in refused.error && refused.response.status === 400, refused);
  console.log(JSON.stringify(refused.error.errors));
}

void main();
