// What a tab, a worker or node does in the random runs: steps, when it is told so.
import { Client } from "/client/index.js";

let app, session;

const does = {
  open({ learner, token, off }) {
    app = new Client(location.origin, {
      learner,
      token: () => token,
      firstWait: 0.02,
      longestWait: 0.2,
      clock: () => Date.now() + off * 1000,
    });
  },
  async start(content) {
    session = await app.start(content);
  },
  async step({ n, id, seconds }) {
    const done = { item: "q", correct: 1, time_spent: 0, answer: { n }, replace: true, ...(id ? { id } : {}) };
    await session.update({ time_spent_delta: 1, interactions: [done] });
    if (seconds) await app.sync(seconds);
  },
  sync: async (seconds) => (await app.sync(seconds)).waiting,
  aside: async () => (await app.aside()).map((each) => each.body.interactions[0].answer.n),
  state: () => session.state,
  status: () => app.status(),
};

if (globalThis.window) {
  globalThis.visiting = (what, given) => does[what](given);
} else {
  onmessage = async ({ data: [number, what, given] }) => postMessage([number, (await does[what](given)) ?? null]);
}
