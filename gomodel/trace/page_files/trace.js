"use strict";
// The execution: its data, and the questions that the views ask of it.  Position k is what holds after k steps.

const data = JSON.parse(document.getElementById("data").textContent);
const STEPS = data.steps.length;
const LAST_STATE = data.states - 1; // less than STEPS where the last step fails: there is no state behind it

const actors = data.actors;
const laneOf = new Map(actors.map((actor, lane) => [actor.name, lane]));
const cells = data.cells;
const cellOf = new Map(cells.map((cell) => [cell.name, cell]));
const marked = data.steps.some((step) => !step.relevant); // otherwise every step matters, and nothing is said of it

/** The index of the entry of a history that holds after k steps, -1 before its first. */
function entryAt(history, k) {
  let low = 0, high = history.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (history[middle][0] <= k) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The value of a history after k steps; null where there is none. */
function valueAt(history, k) {
  const entry = entryAt(history, k);
  return entry < 0 ? null : history[entry][1];
}

/** What a history has before step k, where step k changed it; undefined where it did not. */
function changedFrom(history, k) {
  const entry = entryAt(history, k);
  if (entry < 0 || history[entry][0] !== k || k === 0) return undefined;
  return entry === 0 ? null : history[entry - 1][1];
}

const stateOf = (k) => Math.min(k, LAST_STATE);
const labelAt = (actor, k) => valueAt(actor.at, stateOf(k)) ?? "";
const isBlocked = (actor, k) => valueAt(actor.blocked, stateOf(k)) === true;
const isDone = (actor, k) => labelAt(actor, k) === "done";
const guardOf = (actor, k) => data.guards[`${actor.name} at "${labelAt(actor, k)}"`] || "";

/** Who can step after step k and could not before: what the step woke. */
function wokenBy(k) {
  if (k < 1 || k > LAST_STATE) return [];
  const by = data.steps[k - 1].actor;
  return actors.filter((a) => a.name !== by && isBlocked(a, k - 1) && !isBlocked(a, k));
}

/** Who has to wait from step k on, other than by its own step. */
function stoppedBy(k) {
  if (k < 1 || k > LAST_STATE) return [];
  const by = data.steps[k - 1].actor;
  return actors.filter((a) => a.name !== by && !isBlocked(a, k - 1) && isBlocked(a, k));
}

/** The next step of an actor behind step k, 0 if there is none. */
function nextStepOf(name, k) {
  for (let n = k + 1; n <= STEPS; n++) if (data.steps[n - 1].actor === name) return n;
  return 0;
}

/** The values that step k took over from steps of others: [step, variable]. */
const messagesInto = (k) => (k >= 1 ? data.steps[k - 1].from : []);

/** Where the values that step k wrote are read by others: [step, variable]. */
const messagesFrom = (() => {
  const found = data.steps.map(() => []);
  data.steps.forEach((step, at) => step.from.forEach(([writer, name]) => found[writer - 1].push([at + 1, name])));
  return (k) => (k >= 1 ? found[k - 1] : []);
})();

// --- what is shown of it ---------------------------------------------------------------------------------------------

/** The filters; a step is shown if it passes all of them. */
const filter = { text: "", variable: "", changes: false, relevant: false, actors: new Set() };

const haystacks = data.steps.map((step) =>
  [step.actor, step.label, ...step.go, ...step.choices, ...step.changes.flat(), step.failed].join("\n").toLowerCase());

function matcher(pattern) {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
  const whole = new RegExp(`^(${literal})([.[].*)?$`, "s");
  return (name) => whole.test(name);
}

/** The steps that change a variable which fits the pattern. */
function changesOf(pattern) {
  const fits = matcher(pattern);
  const found = new Set();
  for (const cell of cells) if (fits(cell.name)) cell.values.forEach(([k]) => k > 0 && found.add(k));
  data.steps.forEach((step, at) => step.changes.some(([name]) => fits(name)) && found.add(at + 1));
  return [...found].sort((a, b) => a - b);
}

let watched = []; // the steps that change the chosen variable

function setVariable(pattern) {
  filter.variable = pattern;
  watched = pattern ? changesOf(pattern) : [];
  filter.changes &&= pattern !== "";
}

const filtered = () => Boolean(filter.text || filter.changes || filter.relevant || filter.actors.size);

function shows(k) {
  const step = data.steps[k - 1];
  return (
    (!filter.relevant || step.relevant) &&
    (!filter.changes || watched.includes(k)) &&
    (!filter.actors.size || filter.actors.has(step.actor)) &&
    (!filter.text || haystacks[k - 1].includes(filter.text))
  );
}

/** The lines of the story: the start, steps, gaps where steps are left out, and notes. */
function storyLines() {
  const lines = [{ kind: "start", k: 0 }];
  const note = (k) => {
    if (data.since === k) lines.push({ kind: "note", k, tone: "warn", text: `from here on ${data.property} stays open` });
    if (data.cycle === k) {
      const steps = STEPS - k;
      const again = steps === 1 ? "1 step repeats" : `${steps} steps repeat`;
      lines.push({ kind: "note", k, tone: "bad", text: steps ? `from here on ${again} for ever` : "from here on nothing more happens" });
    }
  };
  note(0);
  for (let k = 1; k <= STEPS; k++) {
    const previous = lines[lines.length - 1];
    if (shows(k)) lines.push({ kind: "step", k });
    else if (previous.kind === "gap") previous.last = k;
    else lines.push({ kind: "gap", k, last: k });
    note(k);
  }
  if (data.kind !== "run" && data.cycle === null) {
    lines.push({ kind: "note", k: STEPS, tone: data.kind === "reachable" ? "good" : "bad", text: data.title });
  }
  return lines;
}

// --- making elements -------------------------------------------------------------------------------------------------

/** An element with properties and children; text is only ever set as text. */
function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(node.dataset, value);
    else if (name === "aria") for (const [key, text] of Object.entries(value)) node.setAttribute(`aria-${key}`, text);
    else if (name === "role") node.setAttribute("role", value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function svg(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** The colour of an actor's lane, as a class: eight hues, and grey for rules. */
const hue = (lane) => (actors[lane].rule ? "hue-rule" : `hue-${lane % 8}`);
