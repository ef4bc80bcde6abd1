// The chosen step in full, why the property fails, and the Go source.

const panels = (() => {
  const card = document.getElementById("card");
  const why = document.getElementById("why");
  const source = document.getElementById("source");

  const stepLink = (k) => el("button", { type: "button", className: "link", onclick: () => app.go(k) }, `step ${k}`);
  const line = (name, ...what) => el("div", { className: "fact" }, el("span", { className: "what" }, name), el("span", {}, ...what));
  const commas = (items) => items.flatMap((item, i) => (i ? [", ", item] : [item]));

  // --- the step ------------------------------------------------------------------------------------------------------

  function drawCard(k) {
    card.replaceChildren(...(k === 0 ? start() : step(k)));
  }

  function start() {
    const waiting = actors.filter((actor) => isBlocked(actor, 0));
    return [
      el("h2", {}, el("span", { className: "label" }, "initial state")),
      ...data.initial.map(([name, value]) => el("div", {}, el("code", {}, `${name} = ${value}`))),
      waiting.length ? line("blocked", commas(waiting.map((actor) => actor.name)).join("")) : "",
    ].filter(Boolean);
  }

  function step(k) {
    const one = data.steps[k - 1], lane = laneOf.get(one.actor), actor = actors[lane];
    const facts = [el("h2", {}, el("b", { className: hue(lane) }, one.actor), el("span", { className: "label" }, one.label))];
    if (one.go.length) facts.push(line("Go", el("code", {}, one.go.join(", "))));
    if (one.choices.length) facts.push(line("chose", el("code", {}, one.choices.join(", "))));
    one.changes.forEach(([name, old, value], i) => facts.push(line(i ? "" : "changes", change(name, old, value))));
    if (one.failed) facts.push(line("fails", el("b", { className: "bad" }, one.failed)));
    if (k <= LAST_STATE && !actor.rule) {
      const label = labelAt(actor, k), guard = guardOf(actor, k);
      const waits = isBlocked(actor, k) ? el("span", { className: "blocked" }, guard ? ", waits for " : ", blocked", el("code", {}, guard)) : "";
      facts.push(line("now", isDone(actor, k) ? "done" : el("span", { className: "label" }, label), waits));
    }
    facts.push(...others(k));
    if (marked && !one.relevant) facts.push(line("", el("span", { className: "quiet" }, "The violation does not depend on this step.")));
    return facts;
  }

  /** What the step has to do with other processes. */
  function others(k) {
    const facts = [];
    for (const actor of wokenBy(k)) {
      const next = nextStepOf(actor.name, k);
      facts.push(line("wakes", el("b", { className: hue(laneOf.get(actor.name)) }, actor.name), next ? ", which goes on with " : "", next ? stepLink(next) : ""));
    }
    for (const actor of stoppedBy(k)) facts.push(line("stops", el("b", { className: hue(laneOf.get(actor.name)) }, actor.name)));
    const reads = messagesInto(k), read = messagesFrom(k);
    for (const by of new Set(reads.map(([n]) => n))) {
      facts.push(line("reads", el("code", {}, reads.filter(([n]) => n === by).map(([, name]) => name).join(", ")), " of ", stepLink(by)));
    }
    if (read.length) facts.push(line("read by", ...commas([...new Set(read.map(([n]) => n))].map(stepLink))));
    return facts;
  }

  function change(name, old, value) {
    return el("button", { type: "button", className: "change-full", title: `Where ${name} changes`, onclick: () => app.watch(name) },
      el("span", { className: "name" }, name), " ", el("del", {}, old), el("span", { className: "to" }, "→"), el("b", {}, value));
  }

  // --- why -----------------------------------------------------------------------------------------------------------

  function drawWhy() {
    const parts = [el("h2", { className: data.kind === "reachable" || data.kind === "run" ? "" : "bad" }, data.title)];
    if (data.text && data.text !== data.property) parts.push(el("p", {}, data.text));
    if (data.where) parts.push(el("p", { className: "quiet" }, `${data.kind === "fatal" || data.kind === "error" ? "" : "stated "}at `, el("code", {}, data.where)));
    if (data.why.length) parts.push(el("h3", {}, "Its parts"), values());
    if (data.abstract) parts.push(...abstract(data.abstract));
    if (data.since !== null) parts.push(el("h3", {}, "Fairness"), ...fairness());
    parts.push(el("h3", {}, "To reproduce"), command(data.reproduce));
    why.replaceChildren(...parts);
  }

  function values() {
    const list = el("div", { className: "values-of" });
    for (const [depth, text, value] of data.why) {
      const row = el("div", { className: value === "" ? "part heading" : "part" }, el("code", {}, text));
      row.style.paddingLeft = `${depth * 16}px`;
      if (value !== "") row.append(el("b", { className: value === "false" ? "no" : value === "true" ? "yes" : "" }, value));
      list.append(row);
    }
    return list;
  }

  function fairness() {
    if (!data.fairness.length) return [el("p", {}, "It assumes no fairness: nothing has to happen.")];
    return [el("p", {}, "The execution is fair:"), pairs(data.fairness)];
  }

  const pairs = (found) => el("dl", { className: "reasons" }, ...found.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));

  function abstract(found) {
    const verb = found.rules.length ? "before" : "at the start", then = found.rules.length ? "and after" : "but mapped to";
    return [
      el("h3", {}, `Abstract ${found.component}`),
      pairs([
        [verb, found.before.map(([name, value]) => `${name} = ${value}`).join(", ")],
        [then, found.changes.map(([name, old, value]) => `${name}: ${old} → ${value}`).join(", ")],
      ]),
      ...(found.rules.length ? [el("h3", {}, "No rule does that"), pairs(found.rules)] : []),
    ];
  }

  function command(text) {
    const copy = el("button", { type: "button", className: "copy" }, "Copy");
    copy.onclick = async () => {
      try {
        await navigator.clipboard.writeText(text);
        copy.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(copy.previousSibling); // a page of a file may not write to the clipboard
        copy.textContent = "Selected";
      }
      setTimeout(() => (copy.textContent = "Copy"), 1500);
    };
    return el("div", { className: "command" }, el("code", {}, text), copy);
  }

  // --- source --------------------------------------------------------------------------------------------------------

  function drawSource(k) {
    const one = k ? data.steps[k - 1] : null, next = data.steps[k];
    const shown = one && one.go.length ? one : next && !one ? next : one;
    if (!shown || !shown.go.length) {
      source.replaceChildren(el("p", { className: "quiet" }, "This step stands for no line of Go."));
      return;
    }
    source.replaceChildren(...excerpts(shown.go).map(snippet));
  }

  /** The lines around each place; those that touch or overlap are one piece. */
  function excerpts(places) {
    const pieces = [];
    for (const place of places) {
      const found = data.go.places[place], last = pieces[pieces.length - 1];
      const file = place.slice(0, place.lastIndexOf(":"));
      if (!found) pieces.push({ places: [place], file, lines: null });
      else if (last && last.lines && last.file === file && found.first >= last.first && found.first <= last.first + last.lines.length) {
        last.places.push(place);
        last.at.add(found.at);
        last.lines = [...last.lines, ...found.lines.slice(last.first + last.lines.length - found.first)];
      } else pieces.push({ ...found, places: [place], file, at: new Set([found.at]) });
    }
    return pieces;
  }

  function snippet({ places, lines, first, at, function: inside }) {
    const box = el("div", { className: "snippet" }, el("h3", {}, el("code", {}, places.join(", ")), inside ? ` in ${inside}` : ""));
    if (!lines) {
      box.append(el("p", { className: "quiet" }, data.go.missing || "There is no such line."));
      return box;
    }
    const indent = Math.min(...lines.filter((text) => text.trim()).map((text) => text.search(/\S/)));
    const code = el("div", { className: "code" });
    lines.forEach((text, i) => {
      const number = first + i;
      code.append(el("div", { className: at.has(number) ? "code-line here" : "code-line" },
        el("span", { className: "number" }, String(number)), el("span", { className: "text" }, text.slice(indent))));
    });
    box.append(code);
    return box;
  }

  drawWhy();
  return { draw: (k) => { drawCard(k); drawSource(k); } };
})();
