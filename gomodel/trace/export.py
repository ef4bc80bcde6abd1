"""A trace for other tools: as data, as a drawing, as a script that runs it again."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

from ..language.domains import Array, Bag, Bool, Domain, Enum, Int, Option, Plain, Seq, Set, Struct
from ..language.processes import Pid
from ..language.system import State, TransitionSystem
from ..run.report import StepView, counterexample_json
from ..run.search import RUN
from .playback import Playback

ITF = "https://apalache-mc.org/docs/adr/015adr-trace.html"


def exported(playback: Playback, form: str) -> str:
    """The whole text of the file; ``form`` is one of ``FORMATS``."""
    return FORMATS[form](playback)


# --- data ------------------------------------------------------------------------------------------------------------


def _json(playback: Playback) -> str:
    run, inst = playback.run, playback.inst
    data = {
        "schema": 1,
        "model": inst.model.name,
        "bounds": dict(inst.bounds),
        "bugs": sorted(inst.bugs),
        **counterexample_json(playback.counterexample),
        "states": [run.cells(k) for k in range(len(run.states))],
        "standing": [dict(places) for places in run.standing],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _csv(playback: Playback) -> str:
    """A row for each state: the step that led to it, and every part of it in a column of its own."""
    run = playback.run
    states = [run.cells(k) for k in range(len(run.states))]
    names = list(dict.fromkeys(name for cells in states for name in cells))
    places = [name for name, _ in run.standing[0]] if run.standing else []
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["step", "actor", "label", "go", "choices", *(f"{place} at" for place in places), *names])
    for k, cells in enumerate(states):
        step = run.steps[k - 1] if k else None
        did = [step.actor, step.label, " ".join(step.go), " ".join(map(str, step.choices))] if step else [""] * 4
        at = dict(run.standing[k])
        rows.writerow([k, *did, *(at[place] for place in places), *(cells.get(name, "") for name in names)])
    return out.getvalue()


def _itf(playback: Playback) -> str:
    """The trace format of Apalache and Quint; a lasso's last state is left out, as it is the first of its cycle."""
    run, cex, system = playback.run, playback.counterexample, playback.system
    cycle = cex.trace.cycle
    repeats = cycle is not None and cycle < len(run.steps)
    states = run.states[:-1] if repeats else run.states
    meta = {"format": "ITF", "format-description": ITF, "source": playback.target, "description": cex.reproduce}
    data: dict[str, Any] = {"#meta": meta, "vars": [*system.variables, "mbt::actionTaken"]}
    data["states"] = [_itf_state(system, k, s, run.steps[k - 1] if k else None) for k, s in enumerate(states)]
    if cycle is not None:
        data["loop"] = min(cycle, len(states) - 1)
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _itf_state(system: TransitionSystem, k: int, state: State, step: StepView | None) -> dict[str, Any]:
    found: dict[str, Any] = {"#meta": {"index": k}}
    labels = {kind.pc_name: kind.labels for kind in system.kinds.values()}
    for (name, variable), plain in zip(system.variables.items(), state, strict=True):
        domain = variable.domain
        if name in labels and isinstance(domain, Array):
            found[name] = {"#map": [[p, labels[name][pc]] for p, pc in zip(_keys(domain), plain, strict=True)]}
        else:
            found[name] = itf_value(domain, plain)
    found["mbt::actionTaken"] = f"{step.actor}: {step.label}" if step else "init"
    return found


def itf_value(domain: Domain, plain: Plain) -> Any:
    """A plain value in the notation of ITF."""
    match domain:
        case Bool():
            return bool(plain)
        case Enum() | Pid():
            return domain.show(plain)
        case Int():
            return {"#bigint": str(plain)}
        case Option():
            if plain is None:
                return {"tag": "None", "value": {"#tup": []}}
            return {"tag": "Some", "value": itf_value(domain.elem, plain)}
        case Struct():
            pairs = zip(domain.fields.items(), plain, strict=True)
            return {name: itf_value(inner, value) for (name, inner), value in pairs}
        case Bag():
            pairs = zip(domain.elem.values(), plain, strict=True)
            return {"#map": [[itf_value(domain.elem, e), {"#bigint": str(n)}] for e, n in pairs if n]}
        case Set():
            return {"#set": [itf_value(domain.elem, e) for e, v in zip(domain.elem.values(), plain, strict=True) if v]}
        case Array():
            return {"#map": [[k, itf_value(domain.elem, v)] for k, v in zip(_keys(domain), plain, strict=True)]}
        case Seq():
            return [itf_value(domain.elem, value) for value in plain]
    raise TypeError(domain)


def _keys(domain: Array) -> list[Any]:
    return [itf_value(domain.index, k) for k in domain.index.values()]


# --- drawings --------------------------------------------------------------------------------------------------------


def _woken(playback: Playback) -> Iterator[tuple[int, str]]:
    """Step k let this process go, which was blocked."""
    blocked = [{place.split(' at "')[0] for place in places} for places in playback.run.blocked]
    for k, (was, now) in enumerate(itertools.pairwise(blocked), 1):
        for name in sorted(was - now - {playback.run.steps[k - 1].actor}):
            yield k, name


def _dot(playback: Playback) -> str:
    """Steps as nodes, a column for each process; dashed: who let a blocked process go."""
    cex, steps = playback.counterexample, playback.run.steps
    lines = [
        "digraph trace {",
        f"  label={_quoted(_title(playback))}; labelloc=t; fontname=sans;",
        "  node [shape=box, style=rounded, fontname=sans, fontsize=10]; edge [color=gray40];",
    ]
    last: dict[str, int] = {}
    for step in steps:
        changes = [f"{c.variable}: {c.old} → {c.new}" for c in step.changes]
        text = "\n".join([f"{step.number}  {step.actor}", step.label, *changes, *step.go, *filter(None, [step.failed])])
        thick = ", penwidth=2" if step.number in cex.relevant and len(cex.relevant) < len(steps) else ""
        color = ", color=red" if step is steps[-1] and cex.kind not in (RUN, "reachable") else ""
        lines.append(f"  s{step.number} [label={_quoted(text)}, group={_quoted(step.actor)}{thick}{color}];")
    for before, step in itertools.pairwise(steps):
        lines.append(f"  s{before.number} -> s{step.number} [style=invis];")  # time goes down
    for step in steps:
        if step.actor in last:
            lines.append(f"  s{last[step.actor]} -> s{step.number};")
        last[step.actor] = step.number
    for k, name in _woken(playback):
        after = next((s.number for s in steps[k:] if s.actor == name), None)
        if after is not None:
            lines.append(f"  s{k} -> s{after} [style=dashed, color=darkgreen, constraint=false];")
    if cex.trace.cycle is not None and cex.trace.cycle < len(steps):
        begin = cex.trace.cycle + 1
        lines.append(f"  s{len(steps)} -> s{begin} [color=red, constraint=false, label={_quoted('for ever')}];")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    """A DOT string, left-aligned where it has several lines."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\l") + ("\\l" if "\n" in text else "") + '"'


def _mermaid(playback: Playback) -> str:
    """A sequence diagram: a note for each step, an arrow for each wake-up, a loop for a lasso's cycle."""
    cex, run = playback.counterexample, playback.run
    actors = dict.fromkeys([*(name for name, _ in cex.processes), *(step.actor for step in run.steps)])
    names = {actor: f"p{k}" for k, actor in enumerate(actors)}
    lines = ["sequenceDiagram", f"  %% {_title(playback)}".replace("\n", " ")]
    lines += [f"  participant {name} as {_mermaid_text(actor)}" for actor, name in names.items()]
    woken: dict[int, list[str]] = {}
    for k, name in _woken(playback):
        woken.setdefault(k, []).append(name)
    cycle = cex.trace.cycle if cex.trace.cycle is not None and cex.trace.cycle < len(run.steps) else None
    for step in run.steps:
        if cycle == step.number - 1:
            lines.append("  loop for ever")
        changes = [f"{c.variable}: {c.old} → {c.new}" for c in step.changes]
        text = "<br/>".join(map(_mermaid_text, [f"{step.number} {step.label}", *changes, *filter(None, [step.failed])]))
        lines.append(f"  Note over {names[step.actor]}: {text}")
        lines += [f"  {names[step.actor]}-->>{names[name]}: wakes" for name in woken.get(step.number, [])]
    if cycle is not None:
        lines.append("  end")
    return "\n".join([*lines, ""])


def _mermaid_text(text: str) -> str:
    """Characters that Mermaid reads as its own, as entities."""
    kept = "".join(c if c.isalnum() or c in " _.,+*/()[]→←−=?!|'-" else f"#{ord(c)};" for c in text)
    return kept if text != "end" else "#101;nd"


def _title(playback: Playback) -> str:
    cex = playback.counterexample
    return f"{playback.inst.model.name}: {cex.property or 'an execution'}"


# --- a script --------------------------------------------------------------------------------------------------------


def _python(playback: Playback) -> str:
    """A script that replays the trace in CPython and asserts what each step changes and what is violated in the end."""
    cex, inst = playback.counterexample, playback.inst
    settings = [f"    {playback.target!r},", f"    scenario={inst.scenario!r},", f"    bounds={dict(inst.bounds)!r},"]
    lines = [
        repr(_title(playback)),
        "",
        "from gomodel.trace.script import Script",
        "",
        "run = Script(",
        *settings,
        f"    bugs={sorted(inst.bugs)!r},",
        f"    init={list(cex.trace.init)!r},",
        ")",
    ]
    for step in playback.run.steps:
        if step.number - 1 == cex.trace.cycle:
            lines.append("run.cycle()")
        arguments = [repr(step.actor), repr(step.label)]
        arguments += [f"choices={list(step.choices)!r}"] if step.choices else []
        changes = {c.variable: c.new for c in step.changes}
        arguments += [f"changes={changes!r}"] if changes else []
        arguments += [f"fails={step.failed!r}"] if step.failed else []
        lines.append(f"run.step({', '.join(arguments)})")
    if cex.trace.cycle == len(playback.run.steps):
        lines.append("run.cycle()")
    if cex.kind != RUN:
        values = [value for _, value in cex.arguments]
        verb = "reaches" if cex.kind == "reachable" else "violates"
        lines.append(f"run.{verb}({cex.property!r}, kind={cex.kind!r}{f', arguments={values!r}' if values else ''})")
    lines.append('print("replayed:", run)')
    return "\n".join([*lines, ""])


FORMATS: dict[str, Callable[[Playback], str]] = {
    "json": _json,
    "itf": _itf,
    "csv": _csv,
    "dot": _dot,
    "mermaid": _mermaid,
    "python": _python,
}
