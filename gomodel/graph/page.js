"use strict";
const view = document.getElementById("view"), svg = view.querySelector("svg"), text = document.getElementById("text");
const find = document.getElementById("find"), count = document.getElementById("count");
let x = 0, y = 0, k = 1, from = null, moved = false;
const put = () => { svg.style.transform = `translate(${x}px,${y}px) scale(${k})`; };
k = Math.min(1, view.clientWidth / svg.viewBox.baseVal.width); // its whole width at first
put();
view.addEventListener("pointerdown", e => { from = [e.clientX - x, e.clientY - y]; moved = false; });
window.addEventListener("pointermove", e => { if (from) { x = e.clientX - from[0]; y = e.clientY - from[1]; moved = true; put(); } });
window.addEventListener("pointerup", () => { from = null; });
view.addEventListener("wheel", e => {
  e.preventDefault();
  const f = Math.exp(-e.deltaY / 400), box = view.getBoundingClientRect(), cx = e.clientX - box.left, cy = e.clientY - box.top;
  x = cx - (cx - x) * f; y = cy - (cy - y) * f; k *= f; put();
}, { passive: false });
const nodes = [...svg.querySelectorAll(".node")], edges = [...svg.querySelectorAll(".edges path")];
const byNumber = new Map(nodes.map(n => [n.dataset.node, n])), into = new Map();
const out = new Map();
for (const e of edges) { if (!out.has(e.dataset.from)) out.set(e.dataset.from, []); out.get(e.dataset.from).push(e); }
let front = nodes.filter(n => n.classList.contains("initial")).map(n => n.dataset.node);
front.forEach(n => into.set(n, null));
while (front.length) {
  const next = [];
  for (const n of front) for (const e of out.get(n) || []) if (!into.has(e.dataset.to)) {
    into.set(e.dataset.to, e);
    next.push(e.dataset.to);
  }
  front = next;
}
function choose(node) {
  for (const e of svg.querySelectorAll(".on, .chosen")) e.classList.remove("on", "chosen");
  node.classList.add("chosen");
  const way = [];
  for (let e = into.get(node.dataset.node); e; e = into.get(e.dataset.from)) {
    e.classList.add("on"); byNumber.get(e.dataset.from).classList.add("on");
    way.unshift(e.dataset.text.split("\n")[1]);
  }
  text.textContent = node.dataset.text + (way.length ? "\n\na shortest way to it:\n" + way.map((w, i) => `${i + 1}  ${w}`).join("\n") : "");
}
svg.addEventListener("click", e => { const node = e.target.closest(".node"); if (node && !moved) choose(node); });
find.addEventListener("input", () => {
  const wanted = find.value.toLowerCase(); let hits = 0;
  for (const n of nodes) {
    const hit = wanted !== "" && n.dataset.text.toLowerCase().includes(wanted); 
    n.classList.toggle("hit", hit);
    hits += hit;
  }
  svg.classList.toggle("dim", wanted !== ""); count.textContent = wanted ? `${hits} of ${nodes.length} states` : "";
});
document.addEventListener("keydown", e => { if (e.key === "/" && e.target !== find) { e.preventDefault(); find.focus(); } });
