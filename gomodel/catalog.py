"""Which models there are, and loading one: a shipped one by its short name, a user's own by the path of its file.

Shipped specs are modules of the package ``gomodel.specs`` (see there), so a spec that the catalog loads and one
that another spec imports are the same module.  Their short names are found by scanning the text, so that asking
for one model imports one spec and what it is built from.
"""

from __future__ import annotations

import difflib
import importlib
import os
import re
import signal
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import gomodel.proofs
import gomodel.specs

from .language.errors import GomodelError, SpecError, UsageError, Where, suggestion
from .language.instance import Instance
from .language.model import Model
from .language.source import forget

IMPORT_SECONDS = 30.0
_USER = "gomodel_user"  # the module names of users' own files start with this
_NAME = re.compile(r"""^    name(?:\s*:[^=\n]+)?\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)


def specs_folder() -> Path:
    """The folder of the shipped specs, laid out as Go's source tree."""
    return Path(next(iter(gomodel.specs.__path__))).resolve()


def proofs_folder() -> Path:
    """The folder of the shipped proofs, laid out the same."""
    return Path(next(iter(gomodel.proofs.__path__))).resolve()


def names() -> list[str]:
    """The short names of all shipped models, sorted; imports none of them."""
    return sorted(_index())


def proof_names() -> list[str]:
    """The same for the models of proofs, which are named after what they prove something of."""
    return sorted(_index(proofs_folder()))


def proof_file(name: str) -> Path:
    """The file of that proof; raises UsageError where there is none of that name."""
    index = _index(proofs_folder())
    if name not in index:
        raise UsageError(f"there is no proof {name!r}", mend=suggestion(name, index, "there are"))
    return index[name]


def proof(name: str) -> type[Model]:
    """The model of that proof; raises UsageError where there is none of that name."""
    return _shipped(name, proof_file(name))


def models() -> dict[str, type[Model]]:
    """Short name → model for everything shipped; raises SpecError when a spec does not import."""
    return {name: _shipped(name, path) for name, path in sorted(_index().items())}


def load(target: str) -> type[Model]:
    """The model called ``target``, or that of the file ``target`` (``path.py`` or ``path.py:ClassName``).

    Raises UsageError when there is no such model or file, or more than one model to choose from, and SpecError
    when the file does not import or holds no model.
    """
    path, _, chosen = target.rpartition(":") if ".py:" in target else (target, "", "")
    if path.endswith(".py"):
        return _from_file(path, chosen)
    index = _index()
    if target in index:
        return _shipped(target, index[target])
    if os.sep in target or Path(target).exists():
        raise UsageError(f"{target} is not a Python file", mend="give the path of a .py file that defines a model")
    near = difflib.get_close_matches(target, index, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(index)) or 'none'}"
    raise UsageError(f"there is no component {target!r}", mend=f"{hint} (a model of your own: its path, ending in .py)")


def file_of(name: str) -> Path:
    """The spec of a shipped model, without importing it; raises UsageError where there is none of that name."""
    index = _index()
    if name not in index:
        raise UsageError(f"there is no component {name!r}", mend=suggestion(name, index, "there are"))
    return index[name]


def source_file(model: type[Model]) -> Path:
    """The file that defines ``model``."""
    return Path(sys.modules[model.__module__].__file__ or "")


def digests(inst: Instance) -> dict[str, str]:
    """SHA-256 of every file that a class of the model comes from; shipped specs are named from their folder."""
    return {_spec_name(file): sha256(file.read_bytes()).hexdigest() for file in sorted(set(_files(inst)))}


def _files(inst: Instance) -> Iterator[Path]:
    for component in inst.build().all_components():
        for cls in type(component).__mro__:
            if cls.__module__.startswith(("gomodel.specs.", "gomodel.proofs.", "gomodel_user.")):
                yield source_file(cls)


def _spec_name(file: Path) -> str:
    for package, folder in _homes():
        if file.resolve().is_relative_to(folder):
            return f"{package.removeprefix('gomodel.')}/{file.resolve().relative_to(folder)}"
    return file.name


# --- shipped specs ---------------------------------------------------------------------------------------------------


def _index(folder: Path | None = None) -> dict[str, Path]:
    """Short name → file, as the text of the specs says."""
    files = sorted((folder or specs_folder()).glob("**/*.py"))
    return {name: file for file in files for name in _NAME.findall(file.read_text(encoding="utf-8"))}


def _shipped(name: str, path: Path) -> type[Model]:
    found = {m.name: m for m in _models_of(_import_shipped(path))}
    if name not in found:
        raise SpecError(f'{path} says name = "{name}" but defines no model of that name')
    return found[name]


def _homes() -> tuple[tuple[str, Path], ...]:
    return ("gomodel.specs", specs_folder()), ("gomodel.proofs", proofs_folder())


def _import_shipped(path: Path) -> types.ModuleType:
    package, folder = next(home for home in _homes() if path.is_relative_to(home[1]))
    module = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
    return _import(path, lambda: importlib.import_module(module))


# --- users' files ----------------------------------------------------------------------------------------------------


def models_in(name: str) -> list[type[Model]]:
    """The models that a file defines, none perhaps; raises as ``load`` does."""
    path = Path(name)
    try:
        source = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror or error}") from None
    if any(path.resolve().is_relative_to(folder) for _, folder in _homes()):
        return _models_of(_import_shipped(path.resolve()))
    return _models_of(_import(path, lambda: _execute(path, source)))


def _from_file(name: str, chosen: str) -> type[Model]:
    every = found = models_in(name)
    if chosen:
        found = [m for m in every if chosen in (m.__name__, m.name)]
        if not found:
            known = ", ".join(m.__name__ for m in every) or "none"
            raise UsageError(f"{name} defines no model {chosen!r}", mend=f"its models are: {known}")
    if not found:
        raise SpecError(f"{name} holds no model", mend='define a class with Model as its base and a name = "…"')
    if len(found) > 1:
        choices = ", ".join(f"{name}:{m.__name__}" for m in found)
        raise UsageError(f"{name} holds several models", mend=f"pick one: {choices}")
    return found[0]


def _execute(path: Path, source: bytes) -> types.ModuleType:
    """Run the file as a module of its own, always from its text: a stale ``.pyc`` would be a wrong verdict."""
    forget(str(path))
    module = types.ModuleType(f"{_USER}.{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and the like look their module up by name
    exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    return module


# --- both ------------------------------------------------------------------------------------------------------------


def _models_of(module: types.ModuleType) -> list[type[Model]]:
    """The models that ``module`` itself defines, in the order of their definition; those without a name are bases."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Model) and value.__module__ == module.__name__ and value.name
    ]


class _TooLong(BaseException):
    """A spec does not come to an end; no handler of its own for exceptions should catch that."""


@contextmanager
def _time_limit() -> Iterator[None]:
    """Raise _TooLong after ``IMPORT_SECONDS``, where the system and the thread let us."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, IMPORT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _import(path: Path, run: Callable[[], types.ModuleType]) -> types.ModuleType:
    """``run()``, with whatever goes wrong as one clear error."""
    try:
        with _time_limit():
            return run()
    except _TooLong as error:
        raise SpecError(
            f"the file did not import within {IMPORT_SECONDS:g} s",
            where=_place(error, path) or Where(str(path), 1),
            mend="let it only define things: a search belongs into a command",
        ) from None
    except GomodelError as error:
        if error.where is None:
            error.where = _place(error, path)
        raise
    except (Exception, SystemExit) as error:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        said = ": ".join(part for part in (type(error).__name__, text) if part)
        annotates = isinstance(error, NameError) and error.name == "self"  # `key: self.client` is read by gomodel alone
        mend = "begin the file with `from __future__ import annotations`" if annotates else None
        raise SpecError(
            f"the file does not import: {said}", where=_place(error, path) or Where(str(path), 1), mend=mend
        ) from error


def _place(error: BaseException, path: Path) -> Where | None:
    """The line of the spec that ``error`` comes from: what a SyntaxError names, or the innermost one in ``path``."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Where(error.filename, error.lineno)
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f.lineno for f in frames if f.lineno and Path(f.filename).resolve() == path.resolve()]
    return Where(str(path), inside[-1]) if inside else None
