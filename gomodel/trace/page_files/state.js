// The state as a tree of names: mutex → word → locked.  What the chosen step changed is marked, old → new.

const stateView = (() => {
  const panel = document.getElementById("state");
  const wanted = document.getElementById("cells");
  const closed = new Set(["ghosts"]);

  /** mutex.waited[g0].x → mutex, waited, [g0], x */
  const partsOf = (name) => name.match(/\[[^\]]*\]|[^.[\]]+/g) || [name];

  function draw(k) {
    const at = stateOf(k), failed = k > LAST_STATE;
    const needle = wanted.value.trim().toLowerCase();
    const shown = cells.filter((cell) => valueAt(cell.values, at) !== null)
      .filter((cell) => !needle || cell.name.toLowerCase().includes(needle));
    const own = (cell) => actors.find((actor) => !actor.rule && cell.name.startsWith(`${actor.name}.`));
    const step = failed ? -1 : at; // nothing is marked where the step has no state behind it
    panel.replaceChildren(
      failed ? el("p", { className: "bad quiet-note" }, "The last step fails: this is the state before it.") : "",
      processes(at, step, shown.filter(own), needle),
      ...tree(shown.filter((cell) => !cell.ghost && !own(cell)), at, step),
      ghosts(shown.filter((cell) => cell.ghost && !own(cell)), at, step),
    );
  }

  // --- processes -----------------------------------------------------------------------------------------------------

  function processes(at, step, locals, needle) {
    const list = el("div", { className: "processes" });
    actors.forEach((actor, lane) => {
      if (actor.rule) return;
      const mine = locals.filter((cell) => cell.name.startsWith(`${actor.name}.`));
      const label = labelAt(actor, at);
      if (needle && !mine.length && !`${actor.name} ${label}`.toLowerCase().includes(needle)) return;
      const moved = changedFrom(actor.at, step) !== undefined;
      const row = el("div", { className: `process${moved ? " changed" : ""}` },
        el("b", { className: `name ${hue(lane)}` }, actor.name),
        el("span", { className: "where" }, label));
      if (isBlocked(actor, at)) {
        const guard = guardOf(actor, at);
        row.append(el("span", { className: "badge" }, guard ? "waits for " : "blocked", guard ? el("code", {}, guard) : ""));
      }
      list.append(row);
      if (mine.length) list.append(el("div", { className: "locals" }, ...mine.map((cell) => leaf(cell, cell.name.slice(actor.name.length + 1), at, step))));
    });
    return list;
  }

  // --- fields --------------------------------------------------------------------------------------------------------

  function ghosts(found, at, step) {
    if (!found.length) return "";
    const box = el("details", { className: "ghosts", open: !closed.has("ghosts") }, el("summary", {}, "Ghosts, which only properties see"), ...tree(found, at, step));
    box.ontoggle = () => (box.open ? closed.delete("ghosts") : closed.add("ghosts"));
    return box;
  }

  /** A node of the tree: those below it by name, and the cell that it is. */
  function tree(found, at, step) {
    const root = { below: new Map() };
    for (const cell of found) {
      let node = root;
      for (const part of partsOf(cell.name)) {
        if (!node.below.has(part)) node.below.set(part, { below: new Map() });
        node = node.below.get(part);
      }
      if (node.cell) root.below.set(`${cell.name} `, { below: new Map(), cell }); // an index has brackets or dots in it
      else node.cell = cell;
    }
    return branches(root, "", at, step);
  }

  function branches(node, path, at, step) {
    const leaves = [], groups = [];
    for (const [part, child] of node.below) {
      const whole = path && !part.startsWith("[") ? `${path}.${part}` : path + part;
      if (child.cell) leaves.push(leaf(child.cell, part, at, step));
      if (!child.below.size) continue;
      if (indexed(child)) leaves.push(array(child, part, at, step));
      else groups.push(group(child, part, whole, at, step));
    }
    return [leaves.length ? el("div", { className: "leaves" }, ...leaves) : "", ...groups].filter(Boolean);
  }

  const indexed = (node) => [...node.below].every(([part, child]) => part.startsWith("[") && !child.below.size);

  function group(node, part, path, at, step) {
    const box = el("details", { className: "group", open: !closed.has(path) }, el("summary", {}, part), ...branches(node, path, at, step));
    box.ontoggle = () => (box.open ? closed.delete(path) : closed.add(path));
    return box;
  }

  /** Values by index, in one row. */
  function array(node, part, at, step) {
    const values = [...node.below].map(([index, child]) => value(child.cell, at, step, index.slice(1, -1)));
    return el("div", { className: "leaf array" }, el("span", { className: "name" }, part), el("span", { className: "values" }, ...values));
  }

  function leaf(cell, name, at, step) {
    return el("div", { className: "leaf" }, el("span", { className: "name" }, name), value(cell, at, step, ""));
  }

  /** What the chosen step changed the cell from; undefined where it did not, or where a local only begins to matter. */
  function oldValue(cell, step) {
    const old = changedFrom(cell.values, step);
    if (old !== null) return old;
    const change = data.steps[step - 1].changes.find(([name]) => name === cell.name);
    return change && change[1];
  }

  /** The value of a cell; it is a button that goes to the next change. */
  function value(cell, at, step, index) {
    const now = valueAt(cell.values, at), old = oldValue(cell, step);
    const changes = cell.values.length - 1;
    const node = el("button", {
      type: "button", className: `cell${old !== undefined ? " changed" : ""}${filter.variable === cell.name ? " watched" : ""}`,
      data: { cell: cell.name }, title: `${cell.name}: ${changes === 1 ? "1 change" : `${changes} changes`}`,
      onclick: () => app.watch(cell.name),
    });
    if (index) node.append(el("span", { className: "index" }, index));
    if (old !== undefined) node.append(el("del", {}, old), el("span", { className: "to" }, "→"));
    node.append(el("span", { className: "value" }, now));
    return node;
  }

  wanted.addEventListener("input", () => draw(app.k));
  return { draw };
})();
