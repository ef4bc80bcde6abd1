"""``gomodel diff`` on files and git revisions."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gomodel import catalog
from gomodel.guard.revisions import model_at, split
from tests.conftest import Run
from tests.guard.conftest import SPEC


def test_a_file_and_what_it_was(repository: Path, run: Run) -> None:
    code, out, err = run("diff", "HEAD:counter.py", "counter.py")
    assert (code, err) == (1, "")
    assert (
        out
        == """\
they part after 2 steps

both take these steps:

c0, steps 1 to 2
   1  count
        n: 0 → 1
   2  count
        n: 1 → 2
      now at "count", blocked

and then only the new one goes on with
  c0  count
      n: 2 → 3
  in the old one: c0 cannot step
"""
    )


def test_two_files_that_behave_alike(repository: Path, run: Run) -> None:
    (repository / "other.py").write_text(SPEC.replace("self.n < 2", "not self.n >= 3"))
    assert run("diff", "counter.py", "other.py")[:2] == (0, "alike, 4 pairs of states, depth 3\n")


def test_as_data(repository: Path, run: Run) -> None:
    data = json.loads(run("diff", "HEAD:counter.py", "counter.py", "--json", "-")[1])
    assert (data["differ"], data["complete"]) == (True, True)
    (scenario,) = data["scenarios"]
    assert (scenario["found"]["only"], len(scenario["found"]["trace"]["moves"])) == ("new", 2)


def test_a_bug_of_the_new_one(run: Run) -> None:
    code, out, _ = run("diff", "sema", "sema", "--scenario", "users", "--bug", "s1")
    assert (code, out.splitlines()[0]) == (1, "scenario users: they part after 5 steps")


def test_a_limit_is_said_and_no_difference_is_not_claimed(run: Run) -> None:
    code, out, _ = run("diff", "sema", "sema", "--scenario", "users", "--max-states", "10")
    assert (code, out) == (3, "scenario users: no difference until 10 pairs of states\n")


def test_bad_input(repository: Path, run: Run) -> None:
    assert run("diff", "nowhere:counter.py", "counter.py")[2].startswith("gomodel: git knows no revision 'nowhere'\n")
    assert run("diff", "HEAD:gone.py", "counter.py")[0] == 2
    assert run("diff", "counter.py", "gone.py")[2].startswith("gomodel: cannot read gone.py")
    (repository / "broken.py").write_text("class (")
    assert "the file does not import" in run("diff", "counter.py", "broken.py")[2]


def test_today_is_not_disturbed_by_another_revision() -> None:
    now = catalog.load("waitq")
    folder, module = catalog.specs_folder(), sys.modules[now.__module__]
    with model_at("HEAD:waitq") as old:
        assert old is not now
        assert catalog.specs_folder() != folder
        with model_at("waitq") as again:  # beside it, the one of today
            assert Path(again.state.__code__.co_filename).is_relative_to(folder)
        assert not Path(old.state.__code__.co_filename).is_relative_to(folder)
    assert catalog.specs_folder() == folder
    assert catalog.load("waitq") is now
    assert sys.modules[now.__module__] is module


def test_what_is_a_revision() -> None:
    assert split("HEAD~1:mutex") == ("HEAD~1", "mutex")
    assert split("mutex") == ("", "mutex")
    assert split("specs/x.py:Class") == ("", "specs/x.py:Class")
    assert split("v1:specs/x.py:Class") == ("v1", "specs/x.py:Class")
