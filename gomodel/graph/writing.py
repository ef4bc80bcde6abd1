"""A state graph as a file, by the suffix of its name; and as a few lines of text."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from html import escape
from pathlib import Path

import networkx as nx
from rich.text import Text

from ..language.errors import UsageError, suggestion
from ..report_text import number
from ..trace.page import Page
from .drawing import describe, svg


def writer(name: str) -> Callable[[nx.MultiDiGraph, str], str]:
    """What makes the text of the file called ``name``; raises UsageError for a suffix that is none of ``FORMATS``."""
    suffix = Path(name).suffix
    if suffix not in FORMATS:
        raise UsageError(f"what is {name} to be?", mend=suggestion(suffix, FORMATS, "end it with one of"))
    return FORMATS[suffix]


def dot(graph: nx.MultiDiGraph, title: str) -> str:
    """Graphviz; labels are numbers, and the states are tooltips."""
    lines = [f"digraph states {{\n  label={_quoted(title)};\n  node [shape=circle, fontsize=9, fontname=sans];"]
    for n, facts in graph.nodes(data=True):
        node = facts["node"]
        style = ", style=filled, fillcolor=black, fontcolor=white" if node.initial else ""
        style += ", style=filled, fillcolor=tomato" if node.violates or node.failed else ""
        style += ", shape=doublecircle" if node.deadlock else ""
        lines.append(f"  n{n} [label={_quoted(str(n))}, tooltip={_quoted(describe(node))}{style}];")
    for a, b, facts in graph.edges(data=True):
        lines.append(f"  n{a} -> n{b} [label={_quoted(facts['actor'])}, tooltip={_quoted(facts['label'])}];")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def data(graph: nx.MultiDiGraph, title: str) -> str:
    """Node-link data."""
    nodes = [vars(d["node"]) for _, d in graph.nodes(data=True)]
    edges = [{"from": a, "to": b, **facts} for a, b, facts in graph.edges(data=True)]
    return (
        json.dumps({"schema": 1, "title": title, "nodes": nodes, "edges": edges}, indent=1, ensure_ascii=False) + "\n"
    )


def page(graph: nx.MultiDiGraph, title: str) -> str:
    """The drawing to be moved and enlarged; a click on a state shows it, and a shortest way to it.

    Self-contained: its policy forbids everything but its own style and script.
    """
    style, script = _file("page.css"), _file("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{style}</style></head>\n'
        '<body><div id="view" tabindex="0" aria-label="State space: drag to move, wheel to enlarge">'
        f'{svg(graph, title)}</div>\n<aside><input id="find" type="search" placeholder="Find in states  /" '
        'aria-label="Find in states"><p id="count"></p><pre id="text">Click a state: it is shown here, with a shortest '
        f"way to it.</pre></aside>\n<script>{script}</script></body></html>\n"
    )


def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8").strip()


FORMATS: dict[str, Callable[[nx.MultiDiGraph, str], str]] = {".svg": svg, ".html": page, ".dot": dot, ".json": data}


def summary_lines(graph: nx.MultiDiGraph, title: str, *, width: int = 80) -> list[Text]:
    """Counts, and how to draw it."""
    nodes = [d["node"] for _, d in graph.nodes(data=True)]
    components = list(nx.strongly_connected_components(graph))
    ends = [c for c in nx.condensation(nx.DiGraph(graph)).out_degree() if c[1] == 0]
    page_ = Page(width)
    page_.add(Text(title, style="bold"))
    page_.add(
        f"{len(nodes):,} states, {graph.number_of_edges():,} steps, depth {max(n.depth for n in nodes)}", prefix="  "
    )
    largest = max(map(len, components))
    page_.add(
        f"{number(len(components), 'strongly connected component')}, the largest of {number(largest, 'state')}; "
        f"{len(ends)} that nothing leaves",
        prefix="  ",
    )
    for what, found in (
        ("violating an invariant", [n for n in nodes if n.violates]),
        ("in deadlock", [n for n in nodes if n.deadlock]),
        ("that stand for a step which fails", [n for n in nodes if n.failed]),
    ):
        if found:
            numbers = ", ".join(str(n.number) for n in found[:10])
            more = ", …" if len(found) > 10 else ""
            page_.add(f"{number(len(found), 'state')} {what}: {numbers}{more}", prefix="  ")
    page_.add("to draw it: --output graph.svg, or .html, .dot, .json")
    return page_.lines
