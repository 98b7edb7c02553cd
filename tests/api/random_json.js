// Prints lines of random JSON objects as JSON.stringify makes them: as many as the argument says, always the same ones.

let state = 12345;
const below = (n) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
const one = (choices) => choices[below(choices.length)];
const list = (most, make) => Array.from({ length: below(most) }, make);

const codes = [36, 65284, 46, 0, 55357, 56832, 97, 233, 34, 92, 10, 8232];
const text = () => list(6, () => String.fromCharCode(below(4) ? one(codes) : below(65536))).join("");
const scalar = () =>
  one([
    () => null,
    () => undefined,
    () => below(2) > 0,
    () => text(),
    () => below(1000) / 7,
    () => Math.pow(2, below(90)) * (below(2) ? 1 : -1),
    () => -0,
    () => NaN,
    () => Number.MAX_VALUE,
    () => Number.MIN_VALUE,
    () => Number.MAX_SAFE_INTEGER,
    () => new Date(below(1e9)),
  ])();
const key = () => one([text(), "$ref", "$id", "__proto__", "a.b", ""]);
const object = (depth) => Object.fromEntries(list(5, () => [key(), value(depth)]));
const value = (depth) => {
  if (depth > 4 || below(3) === 0) return scalar();
  return below(2) ? list(4, () => value(depth + 1)) : object(depth + 1);
};

for (let count = Number(process.argv[2]); count > 0; count--) console.log(JSON.stringify(object(0)));
