"""Which models a change concerns: those whose spec, or a spec that it imports, is not as it was at a git revision."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from .. import catalog
from ..language.errors import UsageError

_IMPORT = re.compile(r"^\s*(?:from|import) gomodel\.(specs|proofs)\.([\w.]+)", re.MULTILINE)


def models_changed_since(revision: str) -> list[str]:
    """The names of those models; all of them where gomodel itself has changed.  UsageError where git does not know."""
    changed = _changed_files(revision)
    if any(path.is_relative_to(Path(catalog.__file__).resolve().parent) for path in changed):
        return sorted({*catalog.names(), *catalog.proof_names()})
    return [name for name in sorted({*catalog.names(), *catalog.proof_names()}) if changed & files_of(name)]


def files_of(name: str) -> set[Path]:
    """The spec of a model, its proof, and everything that they import of specs and proofs."""
    found: set[Path] = set()
    pending = [catalog.file_of(name)] if name in catalog.names() else []
    pending += [catalog.proof_file(name)] if name in catalog.proof_names() else []
    while pending:
        path = pending.pop()
        if path in found or not path.exists():
            continue
        found.add(path)
        text = path.read_text(encoding="utf-8")
        for match in _IMPORT.finditer(text):
            folder = catalog.specs_folder() if match[1] == "specs" else catalog.proofs_folder()
            pending.append(folder / f"{match[2].replace('.', '/')}.py")
    return found


def _changed_files(revision: str) -> set[Path]:
    """What differs from ``revision`` in the working tree, files that git does not know yet included."""
    top = Path(_git("rev-parse", "--show-toplevel").strip())
    names = _git("diff", "--name-only", revision, "--").splitlines()
    names += _git("ls-files", "--others", "--exclude-standard", "--full-name", f"{top}").splitlines()
    return {(top / name).resolve() for name in names}


def _git(*arguments: str) -> str:
    folder = catalog.specs_folder()
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed, so nothing is known of revisions") from None
    if done.returncode:
        raise UsageError(f"git {arguments[0]} failed", mend=done.stderr.strip() or None)
    return done.stdout
