"""A state graph as a drawing in layers: rows by depth, order within a row by barycentres (Sugiyama et al., 1981)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import networkx as nx

from .build import Node

ROW, COLUMN, RADIUS = 64.0, 34.0, 7.0  # pixels
SWEEPS = 12
COLOURS = ("#2563c9", "#b3500e", "#1a7f4e", "#8b3fb0", "#a8324a", "#0f7c8a", "#7a6a10", "#5a5a66")


@dataclass(frozen=True)
class Place:
    x: float
    y: float


def layout(graph: nx.MultiDiGraph) -> dict[int, Place]:
    """Where each node goes, in pixels."""
    rows: dict[int, list[int]] = {}
    for number, data in graph.nodes(data=True):
        rows.setdefault(data["node"].depth, []).append(number)
    depths = sorted(rows)
    rank = {n: float(i) for depth in depths for i, n in enumerate(rows[depth])}
    simple = nx.Graph(graph)
    for sweep in range(SWEEPS):
        for depth in depths if sweep % 2 == 0 else reversed(depths):
            before = -1 if sweep % 2 == 0 else 1
            row = rows[depth]
            middle = {n: _middle(simple, rank, graph, n, depth + before) for n in row}
            row.sort(key=lambda n: (middle[n], rank[n]))
            width = (len(row) - 1) / 2
            rank.update({n: i - width for i, n in enumerate(row)})
    widest = max(len(row) for row in rows.values())
    return {
        n: Place((rank[n] + widest / 2) * COLUMN + COLUMN, depths.index(depth) * ROW + ROW)
        for depth in depths
        for n in rows[depth]
    }


def _middle(simple: nx.Graph, rank: dict[int, float], graph: nx.MultiDiGraph, n: int, depth: int) -> float:
    """The mean position of its neighbours in a row; where it has none it stays."""
    near = [rank[m] for m in simple.neighbors(n) if graph.nodes[m]["node"].depth == depth]
    return sum(near) / len(near) if near else rank[n]


def svg(graph: nx.MultiDiGraph, title: str) -> str:
    """A picture with the whole state as each node's tooltip; light or dark as the viewer is."""
    places = layout(graph)
    names = list(dict.fromkeys(facts["actor"] for *_, facts in graph.edges(data=True)))
    colours = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(names)}
    width = max(max(p.x for p in places.values()) + 3 * COLUMN, 480.0)
    height = max(p.y for p in places.values()) + ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img">',
        f"<title>{escape(title)}</title>",
        _STYLE,
        *_legend(title, colours),
        '<g class="edges">',
        *_edges(graph, places, colours),
        "</g>",
        '<g class="nodes">',
        *(_node(data["node"], places[n]) for n, data in graph.nodes(data=True)),
        "</g>",
        "</svg>",
        "",
    ]
    return "\n".join(lines)


_STYLE = """<style>
svg { background: #fbfbfa; font: 12px ui-sans-serif, system-ui, sans-serif; }
text { fill: #26262b; } .edges path { fill: none; stroke-width: 1.3; opacity: .6; }
.edges path.back { opacity: .18; } .edges path:hover { opacity: 1; stroke-width: 3; }
.node circle { fill: #fbfbfa; stroke: #55555e; stroke-width: 1.5; }
.node.initial circle { fill: #26262b; } .node.initial text { fill: #fbfbfa; }
.node.deadlock circle { stroke-dasharray: 3 2; stroke: #a8324a; stroke-width: 2.5; }
.node.violates circle, .node.failed circle { fill: #d63a4c; stroke: #8f1524; }
.node text { font-size: 7px; text-anchor: middle; dominant-baseline: central; }
.node:hover circle { stroke-width: 4; }
@media (prefers-color-scheme: dark) {
svg, .node circle { background: #17171a; fill: #17171a; } text { fill: #e4e4e8; }
.node circle { stroke: #a0a0aa; } .node.initial circle { fill: #e4e4e8; } .node.initial text { fill: #17171a; }
.edges path { opacity: .8; } .edges path.back { opacity: .3; }
}
</style>"""


def _legend(title: str, colours: dict[str, str]) -> list[str]:
    lines = [f'<text x="12" y="20" font-weight="600">{escape(title)}</text>']
    x = 12.0
    for name, colour in colours.items():
        lines.append(f'<path d="M{x:.0f} 34h16" stroke="{colour}" stroke-width="2.5"/>')
        lines.append(f'<text x="{x + 20:.0f}" y="38">{escape(name)}</text>')
        x += 34 + 7.5 * len(name)
    return lines


def _edges(graph: nx.MultiDiGraph, places: dict[int, Place], colours: dict[str, str]) -> Iterable[str]:
    together: dict[tuple[int, int, str], list[str]] = {}
    for a, b, facts in graph.edges(data=True):
        choices = f" {list(facts['choices'])}" if facts["choices"] else ""
        together.setdefault((a, b, facts["actor"]), []).append(f"{facts['actor']}: {facts['label']}{choices}")
    for (a, b, actor), labels in together.items():
        text = escape("\n".join([f"{a} → {b}", *labels]))
        path = _curve(places[a], places[b])
        back = "" if places[b].y > places[a].y else ' class="back"'
        yield (
            f'<path{back} d="{path}" stroke="{colours[actor]}" data-from="{a}" data-to="{b}" '
            f'data-text="{text}"><title>{text}</title></path>'
        )


def _curve(a: Place, b: Place) -> str:
    """Down: straight; back up or within a row: bent to the side; to itself: a loop."""
    if a == b:
        return f"M{a.x:.1f} {a.y - RADIUS:.1f}c14 -18 26 8 {RADIUS:.1f} {RADIUS:.1f}"
    if b.y > a.y:
        middle = (a.y + b.y) / 2
        return (
            f"M{a.x:.1f} {a.y + RADIUS:.1f}C{a.x:.1f} {middle:.1f} {b.x:.1f} {middle:.1f} {b.x:.1f} {b.y - RADIUS:.1f}"
        )
    bend = 18 + abs(a.y - b.y) * 0.25 + abs(a.x - b.x) * 0.1
    side = max(a.x, b.x) + bend
    return f"M{a.x + RADIUS:.1f} {a.y:.1f}C{side:.1f} {a.y:.1f} {side:.1f} {b.y:.1f} {b.x + RADIUS:.1f} {b.y:.1f}"


def _node(node: Node, place: Place) -> str:
    marks = ["node"]
    marks += ["initial"] if node.initial else []
    marks += ["deadlock"] if node.deadlock else []
    marks += ["violates"] if node.violates else []
    marks += ["failed"] if node.failed else []
    text = escape(describe(node))
    return (
        f'<g class="{" ".join(marks)}" data-node="{node.number}" data-text="{text}">'
        f"<title>{text}</title>"
        f'<circle cx="{place.x:.1f}" cy="{place.y:.1f}" r="{RADIUS}"/>'
        f'<text x="{place.x:.1f}" y="{place.y:.1f}">{node.number}</text></g>'
    )


def describe(node: Node) -> str:
    """A node in lines: what it is, where everybody stands, what everything is."""
    if node.failed:
        return f"fails: {node.failed}"
    what = [f"{node.number}, after {node.depth} steps" if node.depth else f"{node.number}, initial"]
    what += [f"violates {name}" for name in node.violates]
    what += ["deadlock"] if node.deadlock else []
    what += [f"{name} at {label}" for name, label in node.standing.items()]
    return "\n".join([*what, *(f"{name} = {value}" for name, value in node.cells.items())])
