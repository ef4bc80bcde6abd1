// The position, and everything that moves it: keys, buttons, the scrubber, the address.

const byId = (id) => document.getElementById(id);

const app = (() => {
  const scrubber = byId("scrubber"), steps = byId("rows"), help = byId("help");
  let timer = 0;

  const self = { k: 0, started: false, go, watch, toggleActor };

  function go(k) {
    self.k = Math.max(0, Math.min(STEPS, k));
    scrubber.value = String(self.k);
    scrubber.setAttribute("aria-valuetext", self.k ? `step ${self.k}: ${data.steps[self.k - 1].actor}, ${data.steps[self.k - 1].label}` : "initial state");
    byId("now").textContent = self.k ? `step ${self.k}` : "start";
    byId("of").textContent = ` of ${STEPS}`;
    lanesView.reveal();
    panels.draw(self.k);
    stateView.draw(self.k);
    overview.draw();
    remember();
  }

  let pending = 0;

  /** The address has the position; a browser allows only so many changes of it a second. */
  function remember() {
    clearTimeout(pending);
    pending = setTimeout(() => { try { history.replaceState(null, "", `#step=${self.k}`); } catch { /* only comfort */ } }, 250);
  }

  /** One shown step on (1) or back (-1). */
  function move(by) {
    let k = self.k + by;
    while (k > 0 && k <= STEPS && !shows(k)) k += by;
    if (k >= 0 && k <= STEPS) go(k);
  }

  function turn(by) {
    const actorAt = (k) => (k >= 1 && k <= STEPS ? data.steps[k - 1].actor : "");
    let k = self.k + by;
    while (k > 0 && k < STEPS && actorAt(k) === actorAt(k - 1)) k += by;
    go(k);
  }

  // --- filters -------------------------------------------------------------------------------------------------------

  function refilter() {
    const shown = data.steps.filter((_, at) => shows(at + 1)).length;
    byId("count").textContent = filtered() ? `${shown} of ${STEPS} steps` : filter.variable ? `${watched.length === 1 ? "1 change" : `${watched.length} changes`}` : "";
    byId("clear").hidden = !(filtered() || filter.variable);
    byId("changes").hidden = !filter.variable;
    for (const name of ["relevant", "changes"]) byId(name).setAttribute("aria-pressed", String(filter[name]));
    lanesView.rebuild();
    go(self.k);
  }

  function toggleActor(name) {
    if (!filter.actors.delete(name)) filter.actors.add(name);
    refilter();
  }

  /** Choose a variable; where it is chosen already, go to its next change. */
  function watch(name) {
    const again = filter.variable === name;
    if (!again) {
      setVariable(name);
      byId("variable").value = name;
    }
    const next = watched.find((k) => k > self.k);
    if (next !== undefined) self.k = next;
    else if (again && watched.length) self.k = watched[0];
    refilter();
  }

  function toChange(by) {
    const found = by > 0 ? watched.find((k) => k > self.k) : watched.findLast((k) => k < self.k);
    if (found !== undefined) go(found);
  }

  function clear() {
    setVariable("");
    Object.assign(filter, { text: "", relevant: false, actors: new Set() });
    byId("search").value = byId("variable").value = "";
    refilter();
  }

  // --- playing -------------------------------------------------------------------------------------------------------

  function play() {
    if (timer) return pause();
    if (self.k === STEPS) go(0);
    timer = setInterval(() => {
      if (self.k < STEPS) move(1);
      else if (data.cycle !== null && data.cycle < STEPS) go(data.cycle + 1);
      else pause();
    }, Math.max(120, Math.min(700, 30000 / STEPS)));
    playing(true);
  }

  function pause() {
    clearInterval(timer);
    timer = 0;
    playing(false);
  }

  function playing(on) {
    byId("play").classList.toggle("playing", on);
    byId("play").setAttribute("aria-label", on ? "Pause" : "Play");
  }

  // --- the rest ------------------------------------------------------------------------------------------------------

  const tabs = ["state", "why", "source"];

  function tab(name) {
    for (const each of tabs) {
      byId(each).hidden = each !== name;
      byId(`tab-${each}`).setAttribute("aria-selected", String(each === name));
      byId(`tab-${each}`).tabIndex = each === name ? 0 : -1;
    }
    byId("cells").hidden = name !== "state";
  }

  function theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.style.colorScheme || (dark ? "dark" : "light");
    document.documentElement.style.colorScheme = now === "dark" ? "light" : "dark";
    overview.recolour();
  }

  function layout() {
    byId("layout").setAttribute("aria-pressed", String(lanesView.toggleLayout()));
  }

  const keys = {
    ArrowRight: () => move(1), ArrowDown: () => move(1), j: () => move(1),
    ArrowLeft: () => move(-1), ArrowUp: () => move(-1), k: () => move(-1),
    PageDown: () => go(self.k + 10), PageUp: () => go(self.k - 10),
    Home: () => go(0), End: () => go(STEPS),
    "]": () => turn(1), "[": () => turn(-1),
    n: () => toChange(1), p: () => toChange(-1),
    " ": play,
    "/": () => byId("search").select(), v: () => byId("variable").select(),
    r: () => marked && byId("relevant").click(), c: () => filter.variable && byId("changes").click(), l: layout, t: theme,
    1: () => tab("state"), 2: () => tab("why"), 3: () => tab("source"),
    "?": () => help.showModal(),
    Escape: clear,
  };

  function onKey(event) {
    const typing = event.target.matches("input[type=search]");
    if (help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing && event.key !== "Escape" && event.key !== "Enter") return;
    if (typing) event.target.blur();
    if (event.key === " " && event.target.matches("button, summary")) return; // it presses them
    const action = typing && event.key === "Enter" ? () => steps.focus({ preventScroll: true }) : keys[event.key];
    if (!action) return;
    event.preventDefault();
    if (event.key !== " ") pause();
    action();
  }

  function listen() {
    document.addEventListener("keydown", onKey);
    const press = { first: () => go(0), back: () => move(-1), play, next: () => move(1), last: () => go(STEPS), theme, layout, clear, "help-open": () => help.showModal() };
    for (const [id, action] of Object.entries(press)) byId(id).addEventListener("click", action);
    for (const name of tabs) byId(`tab-${name}`).addEventListener("click", () => tab(name));
    for (const name of ["relevant", "changes"]) byId(name).addEventListener("click", () => { filter[name] = !filter[name]; refilter(); });
    byId("search").addEventListener("input", (event) => { filter.text = event.target.value.trim().toLowerCase(); refilter(); });
    byId("variable").addEventListener("input", (event) => { setVariable(event.target.value.trim()); refilter(); });
    scrubber.addEventListener("input", () => { pause(); go(Number(scrubber.value)); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", overview.recolour);
    window.addEventListener("hashchange", () => go(fromAddress()));
  }

  const fromAddress = () => Number((/^#step=(\d+)$/.exec(location.hash) || [])[1] ?? STEPS);

  function facts() {
    byId("title").textContent = data.title;
    byId("title").classList.toggle("good", data.kind === "reachable" || data.kind === "run");
    const settings = data.bounds.map(([name, value]) => `${name}=${value}`);
    const said = [data.model, data.length, data.scenario && `scenario ${data.scenario}`, settings.join(" "), data.bugs.length && `bug ${data.bugs.join(", ")}`];
    byId("facts").replaceChildren(...said.filter(Boolean).map((text) => el("span", {}, text)), data.note ? el("span", { className: "warn" }, data.note) : "");
    byId("variables").replaceChildren(...cells.filter((cell) => cell.values.length > 1).map((cell) => el("option", { value: cell.name })));
    byId("relevant").hidden = !marked;
    scrubber.max = String(STEPS);
    legend();
  }

  function legend() {
    const signs = [["ready", "can step"], ["runs", "a turn of one process"], ["blocked", "blocked"], ["wake", "wakes a process"], ["message", "reads what that step wrote (of the chosen step)"]];
    byId("legend").replaceChildren(...signs.map(([name, text]) => {
      const picture = svg("svg", { width: 34, height: 12, "aria-hidden": "true" });
      picture.append(svg("line", { class: `${name === "wake" || name === "message" ? "" : "lane hue-0 "}${name}`, x1: 2, x2: 32, y1: 6, y2: 6 }));
      return el("li", {}, picture, text);
    }), ...(marked ? [el("li", {}, "Pale steps: the violation does not depend on them.")] : []));
  }

  self.start = () => {
    facts();
    listen();
    tab(data.kind === "run" ? "state" : "why");
    self.started = true;
    lanesView.rebuild();
    byId("layout").setAttribute("aria-pressed", String(lanesView.inLanes()));
    go(fromAddress());
    steps.focus({ preventScroll: true });
  };
  return self;
})();

app.start();
