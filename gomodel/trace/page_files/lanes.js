// Swim lanes: a line of the story is a row, and a process is a lane.  Only the rows near the visible ones exist.

const MARGIN = 24; // rows that are made beyond the visible ones
const GUTTER = 64; // pixels: the numbers of the steps, and the bracket of a cycle
const CARD = 172; // pixels that a lane needs for text in it

const lanesView = (() => {
  const box = document.getElementById("lanes");
  const rows = document.getElementById("rows");
  const heads = document.getElementById("heads");
  let lines = [], rowOf = new Map(), height = 30, spacing = 40, cards = false, wish = null, window_ = null;
  let all = false; // while it is printed

  const x = (lane) => GUTTER + spacing * lane + (cards ? 12 : spacing / 2);
  const lanesEnd = () => GUTTER + spacing * actors.length;
  const y = (row) => row * height + height / 2;

  function measure() {
    const room = (box.clientWidth || 800) - GUTTER - 8;
    const wide = Math.floor(room / Math.max(1, actors.length));
    cards = wish === null ? wide >= CARD && actors.length <= 6 : wish;
    height = cards ? 44 : 28;
    const longest = Math.max(...actors.map((actor) => actor.name.length), 1);
    const narrow = Math.min(Math.max(22, longest * 7.5 + 10), 92, Math.max(16, (room * (room < 420 ? 0.3 : 0.5)) / actors.length));
    spacing = cards ? Math.max(CARD, wide) : narrow;
    box.classList.toggle("cards", cards);
    rows.style.width = cards ? `${Math.max(room + GUTTER, lanesEnd())}px` : "";
    box.style.setProperty("--row", `${height}px`);
  }

  /** Make everything anew: after a change of the filters, the layout or the size. */
  function rebuild() {
    measure();
    lines = storyLines();
    rowOf = new Map();
    lines.forEach((line, row) => {
      if (line.kind === "gap") for (let k = line.k; k <= line.last; k++) rowOf.set(k, row);
      else if (line.kind !== "note") rowOf.set(line.k, row);
    });
    rows.replaceChildren(); // what stood further down would keep the old height
    rows.style.height = `${lines.length * height}px`;
    drawHeads();
    window_ = null;
    draw();
  }

  function drawHeads() {
    heads.replaceChildren(...actors.map((actor, lane) => {
      const pressed = filter.actors.has(actor.name);
      const head = el("button", { type: "button", className: `head ${hue(lane)}`, title: `Only steps of ${actor.name}`,
        aria: { pressed }, onclick: () => app.toggleActor(actor.name) }, el("span", {}, actor.name));
      head.style.left = `${cards ? x(lane) - 8 : x(lane) - spacing / 2}px`;
      head.style.width = `${cards ? Math.min(spacing, 200) : spacing}px`;
      return head;
    }));
    heads.style.width = rows.style.width;
  }

  /** Make the rows that can be seen, unless they are there. */
  function draw() {
    const top = Math.floor(box.scrollTop / height), count = Math.ceil((box.clientHeight || 600) / height);
    if (!all && window_ && top >= window_.from + 4 - (window_.from === 0 ? 4 : 0) && top + count <= window_.to) return;
    const from = all ? 0 : Math.max(0, top - MARGIN);
    const to = all ? lines.length : Math.min(lines.length, top + count + MARGIN);
    window_ = { from, to: to === lines.length ? Infinity : to };
    const made = lines.slice(from, to).map((line, i) => rowFor(line, from + i));
    rows.replaceChildren(picture(from, to), ...made);
    mark();
  }

  // --- rows ----------------------------------------------------------------------------------------------------------

  function rowFor(line, row) {
    const node = el("div", { className: `row ${line.kind}`, data: { k: line.k, row } });
    node.style.top = `${row * height}px`;
    if (line.kind === "note") return noteRow(node, line);
    node.setAttribute("role", "option");
    node.id = `row-${row}`;
    node.onclick = () => app.go(line.kind === "gap" ? line.last : line.k);
    if (line.kind === "step") return stepRow(node, line.k);
    const text = line.kind === "start" ? startText() : gapText(line);
    node.append(el("span", { className: "number" }, line.kind === "start" ? "0" : ""), placed(el("div", { className: "text quiet" }, text), null));
    return node;
  }

  function noteRow(node, line) {
    node.classList.add(line.tone);
    node.append(el("span", { className: "note-text" }, line.text));
    return node;
  }

  const startText = () => (data.initial.length ? `initial state: ${data.initial.map(([name, value]) => `${name} = ${value}`).join(", ")}` : "initial state");

  function gapText(line) {
    const names = new Set(data.steps.slice(line.k - 1, line.last).map((step) => step.actor));
    const count = line.last - line.k + 1;
    return `… ${count === 1 ? "1 step" : `${count} steps`} of ${[...names].join(", ")}`;
  }

  function stepRow(node, k) {
    const step = data.steps[k - 1], lane = laneOf.get(step.actor);
    node.classList.toggle("idle", marked && !step.relevant);
    const label = el("span", { className: "label" }, step.label);
    const details = el("span", { className: "changes" });
    if (step.failed) details.append(el("span", { className: "bad" }, step.failed));
    step.changes.forEach(([name, , value]) =>
      details.append(el("span", { className: "change" }, el("i", {}, `${shortName(name)} `), el("b", {}, value))));
    const text = el("div", { className: "text" }, label, details);
    if (!cards) text.append(el("span", { className: "place" }, step.go.map(shortPlace).join(", ")));
    node.setAttribute("aria-label", `step ${k}, ${step.actor}: ${step.label}`);
    node.append(el("span", { className: "number" }, String(k)), placed(text, lane));
    return node;
  }

  /** In its lane, or to the right of all lanes. */
  function placed(text, lane) {
    text.style.left = `${cards ? x(lane ?? 0) + 13 : lanesEnd() + 6}px`;
    if (cards) text.style.width = `${lane === null ? spacing * actors.length - 20 : spacing - 26}px`;
    else text.style.right = "10px";
    return text;
  }

  // --- the picture behind the rows -----------------------------------------------------------------------------------

  function picture(from, to) {
    const root = svg("svg", { class: "picture", width: cards ? lanesEnd() : lanesEnd() + 4, height: (to - from) * height, "aria-hidden": "true" });
    root.style.top = `${from * height}px`;
    const top = from * height;
    actors.forEach((actor, lane) => laneLines(root, actor, lane, from, to, top));
    bracket(root, top);
    for (let row = from; row < to; row++) {
      const line = lines[row];
      if (line.kind === "step") wakes(root, line.k, row, top);
    }
    for (let row = from; row < to; row++) if (lines[row].kind === "step") dot(root, lines[row].k, row, top);
    root.append(svg("g", { class: "messages" }));
    return root;
  }

  /** How a lane looks between two rows: what holds after the steps of the upper one. */
  function look(actor, row) {
    const line = lines[row], k = line.kind === "gap" ? line.last : line.k;
    if (actor.rule) return "rule";
    if (isDone(actor, k)) return "done";
    if (isBlocked(actor, k)) return "blocked";
    const next = lines[row + 1];
    const runs = line.kind === "step" && next && next.kind === "step" && data.steps[k - 1].actor === actor.name && data.steps[k].actor === actor.name;
    return runs ? "runs" : "ready";
  }

  function laneLines(root, actor, lane, from, to, top) {
    let begin = Math.max(0, from - 1), kind = look(actor, begin);
    const flush = (end) => {
      if (kind === "done" || end <= begin) return;
      root.append(svg("line", { class: `lane ${kind} ${hue(lane)}`, x1: x(lane), x2: x(lane), y1: (begin === 0 && cards ? height : y(begin)) - top, y2: y(end) - top }));
    };
    const stop = Math.min(to, lines.length - 1);
    for (let row = begin + 1; row < stop; row++) {
      const now = look(actor, row);
      if (now === kind) continue;
      flush(row);
      begin = row;
      kind = now;
    }
    flush(stop);
  }

  function dot(root, k, row, top) {
    const step = data.steps[k - 1], lane = laneOf.get(step.actor), at = { cx: x(lane), cy: y(row) - top };
    const classes = `dot ${hue(lane)}${marked && !step.relevant ? " idle" : ""}`;
    if (step.failed) {
      const { cx, cy } = at;
      root.append(svg("path", { class: "cross", d: `M${cx - 5},${cy - 5}l10,10m0,-10l-10,10` }));
    } else if (actors[lane].rule) {
      root.append(svg("rect", { class: classes, x: at.cx - 4.5, y: at.cy - 4.5, width: 9, height: 9, transform: `rotate(45 ${at.cx} ${at.cy})` }));
    } else root.append(svg("circle", { class: classes, ...at, r: 5 }));
    if (k <= LAST_STATE && !actors[lane].rule && isDone(actors[lane], k)) {
      root.append(svg("path", { class: `end ${hue(lane)}`, d: `M${at.cx - 6},${at.cy + 10}h12` }));
    }
  }

  /** An arrow to every process that can go on because of step k. */
  function wakes(root, k, row, top) {
    const from = x(laneOf.get(data.steps[k - 1].actor)), begin = y(row) - top, end = begin + height * 0.62;
    for (const actor of wokenBy(k)) {
      const to = x(laneOf.get(actor.name)), side = to > from ? -1 : 1;
      root.append(svg("path", { class: "wake", d: `M${from},${begin + 5}C${from},${end} ${from - side * 10},${end} ${to + side * 7},${end}` }));
      root.append(svg("path", { class: "wake-head", d: `M${to + side * 2},${end}l${side * 7},-4v8z` }));
    }
  }

  /** The steps of a cycle, and the way back. */
  function bracket(root, top) {
    if (data.cycle === null || data.cycle === STEPS) return;
    const begin = y(rowOf.get(data.cycle + 1)) - top, end = y(rowOf.get(STEPS)) - top;
    root.append(svg("path", { class: "cycle", d: `M20,${end}h-8q-4,0 -4,-4V${begin + 4}q0,-4 4,-4h6` }));
    root.append(svg("path", { class: "cycle-head", d: `M22,${begin}l-7,-4v8z` }));
  }

  // --- the chosen step -----------------------------------------------------------------------------------------------

  function mark() {
    const row = rowOf.get(app.k);
    for (const node of rows.querySelectorAll(".chosen")) {
      node.classList.remove("chosen");
      node.removeAttribute("aria-selected");
    }
    const node = document.getElementById(`row-${row}`);
    if (node) {
      node.classList.add("chosen");
      node.setAttribute("aria-selected", "true");
      rows.setAttribute("aria-activedescendant", node.id);
    }
    for (const other of rows.querySelectorAll(".row.step")) other.classList.toggle("watched", filter.variable !== "" && watched.includes(Number(other.dataset.k)));
    messages();
  }

  /** Arrows from the steps whose values the chosen one read, and to those that read its own. */
  function messages() {
    const group = rows.querySelector(".messages");
    if (!group) return;
    const top = parseFloat(group.parentNode.style.top), arrows = [];
    const once = (messages) => new Set(messages.map(([k]) => k));
    for (const writer of once(messagesInto(app.k))) arrows.push([writer, app.k]);
    for (const reader of once(messagesFrom(app.k))) arrows.push([app.k, reader]);
    group.replaceChildren(...arrows.flatMap(([writer, reader]) => {
      const [upper, lower] = [rowOf.get(writer), rowOf.get(reader)];
      if (lines[upper].kind !== "step" || lines[lower].kind !== "step") return [];
      const [x1, x2] = [x(laneOf.get(data.steps[writer - 1].actor)), x(laneOf.get(data.steps[reader - 1].actor))];
      const [y1, y2] = [y(upper) - top + 6, y(lower) - top - 7], bend = Math.min(40, (y2 - y1) / 2 + 6);
      return [
        svg("path", { class: "message", d: `M${x1},${y1}C${x1},${y1 + bend} ${x2},${y2 - bend} ${x2},${y2 - 4}` }),
        svg("path", { class: "message-head", d: `M${x2},${y2 + 1}l-4,-7h8z` }),
      ];
    }));
  }

  function reveal() {
    const head = heads.offsetHeight, place = rowOf.get(app.k) * height;
    const low = box.scrollTop + height, high = box.scrollTop + box.clientHeight - head - 3 * height;
    if (place < low || place > high) {
      const beyond = place < low - 8 * height || place > high + 8 * height;
      const wanted = beyond ? place - box.clientHeight / 2 : place < low ? place - height : place - (box.clientHeight - head - 3 * height);
      box.scrollTop = Math.max(0, wanted);
    }
    if (cards) revealSideways();
    draw();
    mark();
  }

  function revealSideways() {
    if (app.k === 0 || rows.offsetWidth <= box.clientWidth) return;
    const left = x(laneOf.get(data.steps[app.k - 1].actor)) - 12;
    if (left < box.scrollLeft + GUTTER) box.scrollLeft = left - GUTTER;
    else if (left + spacing > box.scrollLeft + box.clientWidth) box.scrollLeft = left + spacing - box.clientWidth;
  }

  box.addEventListener("scroll", () => { draw(); overview.draw(); }, { passive: true });
  new ResizeObserver(() => { if (app.started) { rebuild(); reveal(); } }).observe(box);
  window.addEventListener("beforeprint", () => { all = true; rebuild(); });
  window.addEventListener("afterprint", () => { all = false; rebuild(); });

  return {
    rebuild, reveal,
    /** The steps that can be seen, as a range of positions. */
    visible: () => {
      const at = (row) => lines[Math.max(0, Math.min(lines.length - 1, row))];
      const end = at(Math.floor((box.scrollTop + box.clientHeight) / height) - 2);
      return [at(Math.floor(box.scrollTop / height)).k, end.last ?? end.k];
    },
    toggleLayout: () => { wish = !cards; rebuild(); reveal(); return cards; },
    inLanes: () => cards,
  };
})();

/** A name as it is shown where there is little room: its last two parts. */
function shortName(name) {
  const parts = name.split(".");
  return parts.length <= 2 ? name : parts.slice(-2).join(".");
}

const shortPlace = (place) => place.split("/").pop();
