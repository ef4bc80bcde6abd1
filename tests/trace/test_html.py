"""The page of an execution: its data, and that nothing from a model gets out of them.  A browser is asked elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from gomodel.run.dependence import messages
from gomodel.trace.gosource import GoSource
from gomodel.trace.html import embedded, history, page, page_data
from tests.conftest import Run
from tests.models.hostile import EVIL, never_two


def data_of(text: str) -> Any:
    """The data in a page, as a browser would find them: up to the first end tag."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def state_in(data: Any, k: int) -> dict[str, str]:
    """What the data say of the state after k steps."""
    values = {c["name"]: [value for since, value in c["values"] if since <= k][-1:] for c in data["cells"]}
    return {name: value[0] for name, value in values.items() if value and value[0] is not None}


def test_the_data_have_every_state() -> None:
    playback = never_two()
    data = page_data(playback)
    for k in range(len(playback.run.states)):
        assert state_in(data, k) == playback.run.cells(k)
    assert [cell["name"] for cell in data["cells"] if cell["ghost"]] == ["steps"]


def test_a_history_has_what_changes() -> None:
    assert history(["a", "a", "b", "b", None, "a"]) == [[0, "a"], [2, "b"], [4, None], [5, "a"]]
    assert history([]) == []


def test_who_stands_where_and_who_is_blocked() -> None:
    first, second = page_data(never_two())["actors"]
    assert [label for _, label in first["at"]] == [EVIL, "store & <b>go</b>", EVIL]
    assert first["blocked"] == [[0, False], [2, True], [4, False]]
    assert second["blocked"] == [[0, True], [2, False], [4, True]]


def test_where_a_step_stands_in_the_source_of_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.go").write_text("func f() {\n\tgo g()\n}\n")
    monkeypatch.setattr("gomodel.trace.html.go_source", lambda version: GoSource(version, tmp_path))
    places = page_data(never_two())["go"]["places"]
    assert places == {
        "a.go:1": {"at": 1, "function": "f", "first": 1, "lines": ["func f() {", "    go g()", "}", ""]},
    }


def test_without_the_source_of_go_the_page_says_why() -> None:
    assert page_data(never_two())["go"] == {
        "missing": "the model does not say which version of Go it follows",
        "places": {},
    }


def test_a_message_is_from_who_changed_what_is_read() -> None:
    told = messages(never_two().run)
    assert told == ((), (), ((2, "n"), (2, "turn")), ())  # what the third step counts on from, and its guard


def test_nothing_leaves_the_data() -> None:
    text = page(never_two())
    assert "<img" not in text
    assert text.count("</script") == 2  # the data, and the program
    data = data_of(text)
    assert data["steps"][0]["label"] == EVIL
    assert data["text"] == "<i>Two</i> is never reached."
    assert "<i>" not in text


def test_what_is_embedded_is_harmless_and_whole() -> None:
    value = ["</script>", "<!--", "&lt;", "\u2028\u2029", "→", "\x00", "\ud800", '"\\']
    text = embedded(value)
    assert text.isascii()
    assert not set("<>&") & set(text)
    assert json.loads(text) == value


def test_the_policy_lets_the_page_run_itself_and_load_nothing() -> None:
    text = page(never_two())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy[1].replace("&#x27;", "'").split("; "))
    assert rules["default-src"] == "'none'"
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert not re.search(
        r"\b(src|href)=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)", text.partition('id="data"')[0]
    )


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was shown in a browser; there is a display."""
    shown: list[str] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda address: not shown.append(address))
    return shown


def test_open_writes_a_page_and_shows_it(folder: Path, run: Run, found: str, opened: list[str]) -> None:
    code, out, err = run("trace", "open", found)
    path = folder / ".gomodel" / "pages" / f"{found}.html"
    assert (code, err) == (0, "")
    assert out == f".gomodel/pages/{found}.html: it is shown in a web browser\n"
    assert opened == [path.as_uri()]
    assert data_of(path.read_text(encoding="utf-8"))["id"] == found


def test_open_elsewhere(folder: Path, run: Run, found: str, opened: list[str]) -> None:
    code, out, _ = run("trace", "open", "--no-open", "--output", "page.html")
    assert (code, out) == (0, "page.html: open it in a web browser\n")
    assert run("trace", "open", "--output", "-")[1] == (folder / "page.html").read_text(encoding="utf-8")
    assert opened == []


def test_open_without_a_display(run: Run, found: str, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert run("trace", "open", found)[1] == f".gomodel/pages/{found}.html: open it in a web browser\n"
    assert opened == []


def test_open_where_nothing_can_be_written(folder: Path, run: Run, found: str, opened: list[str]) -> None:
    code, _, err = run("trace", "open", "--output", "missing/page.html")
    assert (code, err) == (2, "gomodel: cannot write missing/page.html: No such file or directory\n")
    (folder / ".gomodel" / "pages").write_text("")
    code, _, err = run("trace", "open", found)
    assert (code, err) == (2, "gomodel: cannot make .gomodel/pages: File exists\n")
    assert opened == []
