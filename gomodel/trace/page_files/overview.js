// The strip under the scrubber: the whole execution from left to right, a line for each process.

const overview = (() => {
  const canvas = document.getElementById("overview");
  const pen = canvas.getContext("2d");

  let palette = null;

  /** The colours of the style sheet as a canvas takes them. */
  function colours() {
    const probe = canvas.parentNode;
    const value = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const names = ["accent", "accent-soft", "blocked", "bad", "bad-soft"];
    const found = { lanes: actors.map((actor, lane) => value(actor.rule ? "rule" : `hue-${lane % 8}`)), value: Object.fromEntries(names.map((name) => [name, value(name)])) };
    probe.style.color = "";
    return found;
  }

  function draw() {
    const width = canvas.clientWidth, height = canvas.clientHeight, scale = window.devicePixelRatio || 1;
    if (!width) return;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    palette ??= colours();
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const step = width / (STEPS + 1), x = (k) => (k + 0.5) * step;
    const band = (height - 12) / actors.length, y = (lane) => 6 + band * (lane + 0.5);
    drawVisible(x, step, height);
    drawCycle(x, step, height);
    actors.forEach((actor, lane) => drawLane(actor, lane, x, y(lane), band, step));
    drawWatched(x, step, height);
    pen.fillStyle = palette.value.accent;
    pen.fillRect(x(app.k) - 1, 0, 2, height);
  }

  function drawVisible(x, step, height) {
    const [first, last] = lanesView.visible();
    if (first === 0 && last >= STEPS) return;
    pen.fillStyle = palette.value["accent-soft"];
    pen.fillRect(x(first) - step / 2, 0, x(last) - x(first) + step, height);
  }

  function drawCycle(x, step, height) {
    if (data.cycle === null || data.cycle === STEPS) return;
    pen.fillStyle = palette.value["bad-soft"];
    pen.fillRect(x(data.cycle) + step / 2, 0, x(STEPS) - x(data.cycle), height);
  }

  function drawLane(actor, lane, x, middle, band, step) {
    const size = Math.max(1.5, Math.min(band * 0.62, 9)), wide = Math.max(1.2, Math.min(step * 0.8, 9));
    actor.blocked.forEach(([k, waits], at) => {
      if (!waits) return;
      const until = at + 1 < actor.blocked.length ? actor.blocked[at + 1][0] : LAST_STATE;
      pen.fillStyle = palette.value.blocked;
      pen.globalAlpha = 0.4;
      pen.fillRect(x(k), middle - size / 4, x(until) - x(k), Math.max(1, size / 2));
    });
    pen.fillStyle = palette.lanes[lane];
    data.steps.forEach((one, at) => {
      if (one.actor !== actor.name) return;
      pen.globalAlpha = shows(at + 1) ? (marked && !one.relevant ? 0.45 : 1) : 0.12;
      if (one.failed) pen.fillStyle = palette.value.bad;
      pen.fillRect(x(at + 1) - wide / 2, middle - size / 2, wide, size);
    });
    pen.globalAlpha = 1;
  }

  function drawWatched(x, step, height) {
    pen.fillStyle = palette.value.accent;
    for (const k of watched) {
      pen.fillRect(x(k) - Math.min(2.5, Math.max(0.75, step / 4)), height - 5, Math.min(5, Math.max(1.5, step / 2)), 5);
      pen.fillRect(x(k) - Math.min(2.5, Math.max(0.75, step / 4)), 0, Math.min(5, Math.max(1.5, step / 2)), 3);
    }
  }

  new ResizeObserver(() => app.started && draw()).observe(canvas);

  return {
    draw,
    /** After a change of the colours. */
    recolour: () => { palette = null; draw(); },
  };
})();
