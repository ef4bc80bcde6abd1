"""A spec's docstring lists the ids of its part: what is declared done must exist, and what exists must be listed."""

from __future__ import annotations

import re
import sys

import pytest

from gomodel import catalog
from gomodel.language.instance import all_bugs
from gomodel.run.check import instances
from tests.specs.traces import systems

# Bug ids of each part, as the history and the analysis of the source number them.
WANTED = {
    "sema": {"s1", "s2", "s3", "s5", "s7", "s8", "s9", "s10", "17953", "35424", "70454", "33747", "736"},
    "semaroot": {"s8", "s9"},
    "chan": {f"c{i}" for i in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, "15a", "15b", 17, 19)},
    "select": {f"s{i}" for i in (1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 14, 15)},
    "waitq": {"c1", "c3", "s15"},
    "runq": {f"q{i}" for i in (1, 2, 3, 5, 6, 7, 8, 9, 10)} | {"swap", "check"},
    "swissmap": {f"c{i}" for i in (1, 2, 4, 5, 7, 8, 10, 11, 12, 14, 15, 17, 18)} | {"needed", "right", "full"},
    "map": {f"b{i}" for i in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 20, 21)} - {"b11"} | {"b11a", "b11b"},
    "mapflags": {"b20", "b7"},
    "mbarrier": {
        "deletion",
        "insertion",
        "white",
        "none",
        "stack",
        "late",
        "post",
        "bulk",
        "split",
        "unaligned",
        "send",
    },
    "sweep": {f"g{i}" for i in range(1, 11)} | {"15022", "73499"},
    "gc": {f"g2_{i}" for i in range(1, 9)}
    | {"g3_3", "g3_4", "g3_4b", "g3_6", "g3_8", "g3_9", "g5_5", "g5_6", "g5_7", "27993"},
    "gctrigger": {"g5_5", "g5_6", "g5_7"},
    "gstatus": {f"m{i}" for i in range(2, 9)},
    "spin": {"recheck", "45867", "nowakep", "token", "43997", "last", "plain"}
    | {"63555", "47304", "23098", "10573", "40368", "44313", "13546", "52934"},
    "storebuffer": {"nofence", "lifo", "nosnoop", "lazy", "mpfence"},
    "syscall": {f"s{i}" for i in (1, 3, 4, 5, 6, 7, 8, 9)} | {"10618", "27660"},
    "syscall23": {f"s{i}" for i in (1, 3, 4, 5, 6, 7, 8, 9)} | {"10618", "27660"},
    "mutex": {f"m{i}" for i in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 17, 19, 20, 21)}
    | {"736", "13086", "41603", "56648", "62100"},
}
PROPERTIES = {
    "sema": {"S-Conserve", "S-NLW", "S-NwaitExact", "S-Handoff", "S-FIFO/LIFO"},
    "semaroot": {"treap"},
    "chan": {"FIFO", "NoLossNoDup", "RingIdx", "NoRecvParkedWithData", "NoSendParkedWithRoom", "QueueXor"}
    | {"ClosedQueuesEmpty", "DrainThenZero", "NoValueFromPanickedSend", "DirectWriteOnce", "NoBarging", "NBLin"}
    | {"CloseOnce", "NoLostWakeup", "CloseWakesAll", "HandOff", "throws", "panics"},
    "select": {"OneCase", "LosersGone", "NoDoubleWake", "SelectDoneReset", "LockOrder", "DeadlockFree"}
    | {"CloseRecvPreference", "NilNever", "PanicOnlyIfClosed", "FIFO", "NoLoss", "liveness", "throws", "panics"},
    "waitq": {"line", "ends", "throws"},
    "runq": {"S1.unique", "S1.nodup", "S1.nolost", "S1.bounds", "S1.publish", "S1.order", "S1.emptyOK"}
    | {"throws", "liveness", "20858", "40457", "38334"},
    "swissmap": {"FoundOnce", "ProbeReach", "HasEmpty", "NoMixedGroup", "GrowthLeftOK", "UsedSum", "DirOK", "Load"}
    | {"StaleFrozen", "AtMostOnce", "StayExactlyOnce", "NoDeleted", "Latest", "ClearStops", "ChurnBounded"}
    | {"UpdateNoGrow", "liveness", "throws"},
    "map": {"FoundOnce", "OldXorNew", "EvacuatedFrozen", "AllOrNone", "EmptyRestSound", "EmptyRestComplete"}
    | {
        "TophashOK",
        "CountOK",
        "NoverflowOK",
        "MarkOK",
        "LoadBound",
        "NoGrowWhileGrowing",
        "AtMostOnce",
        "StayExactlyOnce",
    }
    | {"NoDeleted", "Latest", "ClearStops", "flags", "GrowthEnds", "throws", "panics", "BoundedOverflow"},
    "mapflags": {"DetectPossible", "flags", "throws", "panics"},
    "mbarrier": {"G1.sound", "G1.weak", "G1.strong", "G1.snap", "G1.mono", "inductive"}
    | {"21297", "12068", "71228", "19179", "27993"},
    "sweep": {"G6.once", "G6.alloc", "G6.mark", "G6.free", "zombies", "inductive", "liveness", "throws"},
    "gc": {
        "G2.wb",
        "G2.roots",
        "G2.alloc",
        "G3.sound",
        "G3.nowork",
        "G3.one",
        "G3.live",
        "G5.nwait",
        "two-cycles",
        "throws",
    }
    | {
        "27993",
        "13140",
        "16083",
        "17473",
        "12041",
        "11694",
        "17694",
        "54596",
        "80147",
        "13645",
        "39390",
        "44313",
        "69803",
    },
    "spin": {"S2.conserve", "S2.nms", "S2.rest", "S2.spinlocal", "S2.one", "S2.poll"}
    | {"throws", "liveness", "fairness", "inductive", "handoffp", "timers"},
    "storebuffer": {"SB", "MP", "OWN", "drains"},
    "gctrigger": {"heap", "time", "cycle", "G5.one", "G5.retest", "G5.full", "throws"},
    "gstatus": {"S3.once", "S3.nolostwake", "S3.curg", "legal", "throws", "liveness"},
    "syscall": {"S4.own", "once", "legal", "S7.stw", "S7.count", "S7.fn", "throws", "liveness"},
    "syscall23": {"S4.own", "once", "legal", "S7.stw", "S7.count", "S7.fn", "throws", "liveness"},
    "mutex": {"M-Excl", "M-NoThrow", "M-Quiet", "M-NLW", "M-WS", "M-SemaBin", "M-Handoff", "M-NoStuck"},
}
SAID = ("done", "small model", "left out", "ours")


def checklist(name: str) -> dict[str, str]:
    """Id → what the docstring says of it."""
    text = sys.modules[catalog.load(name).__module__].__doc__ or ""
    entries: dict[str, str] = {}
    pattern = rf"^\* (.+?)\s+((?:{'|'.join(SAID)}).*(?:\n {{4,}}.*)*)"
    for match in re.finditer(pattern, text[text.index("Checklist") :], re.MULTILINE):
        for word in match[1].split():
            entries[word.strip(",")] = match[2]
    return entries


@pytest.mark.parametrize("name", catalog.names())
def test_no_id_is_silently_absent(name: str) -> None:
    said = checklist(name)
    assert (WANTED[name] | PROPERTIES[name]) - said.keys() == set()


@pytest.mark.parametrize("name", catalog.names())
def test_bugs_are_listed_and_listed_bugs_exist(name: str) -> None:
    said = checklist(name)
    model = catalog.load(name)
    own = {
        path.rsplit(".", 1)[-1] for path, (component, _) in all_bugs(instances(model)[0]).items() if component._meta.own
    }
    assert own - said.keys() == set(), "a bug that the docstring does not list"
    done = {key for key, text in said.items() if text.startswith(("done", "ours")) and key in WANTED[name]}
    assert done - own == set(), "listed as done, but there is no such bug"


@pytest.mark.parametrize("name", catalog.names())
def test_named_properties_exist(name: str) -> None:
    """Every ``name`` in double backquotes after "done" is a property, witness, bug or model."""
    known = {p for system in systems(name) for p in system.properties}
    known |= {p.rsplit(".", 1)[-1] for p in known} | set(catalog.names())
    for key, text in checklist(name).items():
        for quoted in re.findall(r"``([a-z_.0-9]+)``", text):
            assert quoted in known or quoted.rsplit(".", 1)[-1] in known or quoted in WANTED[name], (key, quoted)
