// A lesson of a video and an exercise, which goes on without a network.
//
// Its address says where the service is and who learns: index.html?service=http://127.0.0.1:8000#token=TOKEN
import { Client } from "@learntrack/client";

const show = (id, text) => (document.getElementById(id).textContent = text);

const service = new URLSearchParams(location.search).get("service");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
const learner = learnerOf(token);
if (!service || !learner) {
  show("status", "Open this page as index.html?service=ADDRESS#token=TOKEN, with the token of a learner.");
  throw new Error("The address has no service, or no token of a learner.");
}

function learnerOf(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).sub;
  } catch {
    return null;
  }
}

const CHANNEL = "9d1f0c6b7a5e4d3c8b2a1908f7e6d5c4";
const VIDEO = {
  kind: "video",
  node_id: "1b0e6a4f5c3d42b18a9f7e6d5c4b3a29",
  content_id: "2c1f7b506d4e53c29ba08f7e6d5c4b3a",
  channel_id: CHANNEL,
};
const EXERCISE = {
  kind: "exercise",
  node_id: "3d208c617e5f64d3acb1908f7e6d5c4b",
  content_id: "4e319d728f6075e4bdc2a1908f7e6d5c",
  channel_id: CHANNEL,
  mastery_model: { type: "m_of_n", m: 2, n: 3 },
};

navigator.serviceWorker?.register("service_worker.js"); // so that the page opens offline too

// In a real app `token` asks your server for a new one: it is called again when the service refuses the one before.
const client = new Client(service, { learner, token: () => token, onChange: showStatus });

async function showStatus({ waiting, state, trouble, nearly_full }) {
  const words = { idle: "Sending…", sending: "Sending…", elsewhere: "Another tab sends." };
  const said = waiting === 0 ? "All is recorded." : (words[state] ?? `Kept on this device: ${trouble}`);
  show("status", `${said} ${waiting} waiting.${nearly_full ? " There is not much room left: go online soon." : ""}`);
  const items = (await client.aside()).map((item) => {
    const [entry, again] = [document.createElement("li"), document.createElement("button")];
    entry.textContent = `${item.kind}: ${item.problem.detail} `;
    again.textContent = "Try again";
    again.onclick = () => client.retry(item.key);
    entry.append(again);
    return entry;
  });
  const list = document.getElementById("aside");
  list.replaceChildren(...items);
  list.parentElement.hidden = items.length === 0;
}

async function watch() {
  const video = document.querySelector("video");
  const session = await client.start(VIDEO);
  await session.sync(2); // where did the learner leave off? Offline that is what this device knows.
  const { extra_fields } = session.state;
  if (extra_fields.at) video.currentTime = extra_fields.at;
  let last = video.currentTime;

  function showProgress() {
    document.getElementById("video-progress").value = session.state.progress;
    show("video-said", session.state.complete ? "Watched." : `${Math.round(session.state.time_spent)} s watched.`);
  }

  async function record() {
    const seconds = Math.max(0, video.currentTime - last);
    last = video.currentTime;
    if (seconds === 0 && !video.ended) return;
    const progress = video.ended ? 1 : Math.max(session.state.progress, video.currentTime / video.duration);
    await session.update({ progress, time_spent_delta: seconds, extra_fields: { at: video.ended ? 0 : last } });
    showProgress();
  }

  for (const event of ["pause", "ended"]) video.addEventListener(event, record);
  video.addEventListener("seeking", () => (last = video.currentTime));
  document.addEventListener("visibilitychange", record);
  setInterval(record, 30_000);
  showProgress();
}

async function practise() {
  const form = document.getElementById("exercise");
  const session = await client.start(EXERCISE);
  await session.sync(2);
  let asked = session.state.total_attempts;
  let since = performance.now();

  function ask() {
    show("question", `${asked + 2} + ${(asked * 3) % 7} =`);
    const right = session.state.attempts.filter((attempt) => attempt.correct === 1).length;
    show("exercise-said", session.state.complete ? "Mastered!" : `${right} of the last 3 right.`);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = form.answer.value.trim();
    const correct = Number(given) === asked + 2 + ((asked * 3) % 7) ? 1 : 0;
    const seconds = (performance.now() - since) / 1000;
    const done = { item: `sum ${asked}`, correct, time_spent: seconds, answer: { given }, simple_answer: given };
    await session.update({ time_spent_delta: seconds, interactions: [{ ...done, complete: true }] });
    // The app decides on mastery, by the attempts that it is shown: offline too.
    const right = session.state.attempts.filter((attempt) => attempt.correct === 1).length;
    if (right >= EXERCISE.mastery_model.m && !session.state.complete) await session.finish();
    asked += 1;
    since = performance.now();
    form.reset();
    ask();
  });
  ask();
}

await Promise.all([watch(), practise(), client.status().then(showStatus)]);
document.body.dataset.ready = "yes";
