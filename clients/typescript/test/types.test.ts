// What an editor refuses: a line after "ts-expect-error" must not compile. It need not run.
import { test } from "node:test";
import type { Client, Kind, MasteryModel } from "../src/index.js";

const NODE = { node_id: "1", content_id: "2", channel_id: "3" };

async function written(app: Client, card: { kind: Kind; mastery_model?: MasteryModel }): Promise<unknown> {
  await app.start({ ...NODE, ...card });
  await app.start({ quiz_id: "4" });
  await app.start({ unit_id: "5", test_type: "pre", course_session_id: "6" });
  // @ts-expect-error a node has a kind
  await app.start(NODE);
  // @ts-expect-error no such kind
  await app.start({ ...NODE, kind: "vdeo" });
  // @ts-expect-error a quiz is no node
  await app.start({ ...NODE, kind: "video", quiz_id: "4" });
  // @ts-expect-error a unit has two tests
  await app.start({ unit_id: "5", course_session_id: "6" });
  // @ts-expect-error no such filter: it would select everybody
  app.tries({ clasroom: "7" });
  // @ts-expect-error tries have no period
  app.tries({ since: "2026-01-01" });
  // @ts-expect-error no such filter
  app.attempts({ question: "1" });
  // @ts-expect-error no such filter
  await app.diff("2", "8", 0, { item: "1" });
  // @ts-expect-error rows come as JSON
  app.report("progress", { format: "csv" });
  // @ts-expect-error no such part of the roster
  app.roster("classroom");
  for await (const person of app.roster("users")) return person.full_name;
  for await (const row of app.report("progress", { classroom: "7", since: null, page_size: 10 })) return row["status"];
  return (await app.me()).user?.id;
}

test("what is wrong in an app's code does not compile", () => void written);
