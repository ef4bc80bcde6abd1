"""Finding and loading models: shipped ones by name, users' own by path, and a clear word when that fails."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import gomodel
from gomodel import catalog
from gomodel.language import source
from gomodel.language.errors import GomodelError, SpecError, UsageError

MODEL = """\
from gomodel import Model, process, step

class Hello(Model):
    \"\"\"Says hello.\"\"\"
    name = "hello"

    @process()
    def client(self, g):
        yield step("hello")
"""
SECOND = MODEL + MODEL[MODEL.index("class") :].replace("Hello", "Other").replace('"hello"', '"other"')


def write(folder: Path, text: str | bytes, name: str = "own.py") -> str:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


# --- shipped ---------------------------------------------------------------------------------------------------------


def test_every_name_of_the_scan_is_a_model() -> None:
    models = catalog.models()
    assert list(models) == catalog.names()
    assert {"mutex", "sema"} <= set(models)
    for name, model in models.items():
        assert model.name == name
        assert catalog.source_file(model).is_relative_to(catalog.specs_folder())


def test_the_scan_misses_no_model_and_names_are_unique() -> None:
    found = [
        model.name
        for path in sorted(catalog.specs_folder().glob("**/*.py"))
        for model in catalog._models_of(catalog._import_shipped(path))
    ]
    assert sorted(found) == catalog.names()


def test_a_spec_is_one_module_whoever_loads_it() -> None:
    model = catalog.load("sema")
    module = importlib.import_module("gomodel.specs.runtime.sema")
    assert module.__dict__[model.__name__] is model
    assert catalog.load(str(catalog.source_file(model))) is model


def test_loading_one_model_leaves_other_specs_and_the_path_alone() -> None:
    code = (
        "import sys; path = list(sys.path)\n"
        "from gomodel import catalog; catalog.load('sema')\n"
        "assert sys.path == path\n"
        "print([m for m in sys.modules if m.startswith('gomodel.specs.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        "['gomodel.specs.runtime', 'gomodel.specs.abstract', 'gomodel.specs.abstract.semaphore', "
        "'gomodel.specs.runtime.sema']"
    )


@pytest.mark.parametrize(("typed", "hint"), [("mutx", "did you mean mutex?"), ("zzz", "there are: ")])
def test_an_unknown_component_suggests_the_nearest(typed: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"there is no component '{typed}'") as error:
        catalog.load(typed)
    assert hint in str(error.value)


# --- users' own ------------------------------------------------------------------------------------------------------


def test_a_users_file(tmp_path: Path) -> None:
    model = catalog.load(write(tmp_path, MODEL))
    assert model.name == "hello"
    assert catalog.source_file(model) == tmp_path / "own.py"
    assert not (tmp_path / "__pycache__").exists()


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert catalog.load(write(tmp_path, MODEL)).name == "hello"
    assert catalog.load(write(tmp_path, MODEL.replace('"hello"', '"adieu"', 1))).name == "adieu"


def test_one_of_several_models(tmp_path: Path) -> None:
    path = write(tmp_path, SECOND)
    assert catalog.load(f"{path}:Other").name == "other"
    assert catalog.load(f"{path}:hello").__name__ == "Hello"
    with pytest.raises(UsageError, match="holds several models") as error:
        catalog.load(path)
    assert f"pick one: {path}:Hello, {path}:Other" in str(error.value)
    with pytest.raises(UsageError, match="defines no model 'Third'\n  its models are: Hello, Other"):
        catalog.load(f"{path}:Third")


def test_a_users_file_may_build_on_a_shipped_spec(tmp_path: Path) -> None:
    sema = catalog.load("sema")
    text = f"from gomodel.specs.runtime.sema import {sema.__name__} as Base\nclass Own(Base):\n    name = 'own'\n"
    assert issubclass(catalog.load(write(tmp_path, text)), sema)


@pytest.mark.parametrize("typed", ["missing.py", "no/such/folder/own.py"])
def test_a_file_that_is_not_there(typed: str) -> None:
    with pytest.raises(UsageError, match=f"cannot read {typed}: No such file"):
        catalog.load(typed)


def test_a_folder_and_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(UsageError, match=r"cannot read .*: Is a directory"):
        catalog.load(str(tmp_path / "folder.py"))
    with pytest.raises(UsageError, match="is not a Python file"):
        catalog.load(write(tmp_path, "", "own.txt"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nx = 1\nclass :\n", "{path}:3: the file does not import: SyntaxError: invalid syntax"),
        ("\nimport no_such_module\n", "{path}:2: the file does not import: ModuleNotFoundError: No module named"),
        ("def f():\n    return 1 / 0\nf()\n", "{path}:2: the file does not import: ZeroDivisionError: division"),
        ("raise SystemExit\n", "{path}:1: the file does not import: SystemExit"),
        ("open('no_such_file')\n", "{path}:1: the file does not import: FileNotFoundError"),
        (b"x = '\xff'\n", "the file does not import: SyntaxError"),
        (b"x = 1\0\n", "{path}:1: the file does not import: "),
        ("from gomodel import Int\nInt(3, 1)\n", "{path}:2: "),
        ("x = 1\n", "{path} holds no model"),
        ("from gomodel import Model\nclass M(Model): pass\n", "{path} holds no model"),
    ],
)
def test_a_file_that_is_no_spec(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(GomodelError) as error:
        catalog.load(path)
    assert message.format(path=path) in str(error.value)
    assert isinstance(error.value, SpecError)


def test_a_spec_that_never_comes_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own handler does not stop gomodel; the line is named where it was."""
    spec = tmp_path / "endless.py"
    spec.write_text("k = 0\nwhile True:\n    try:\n        k += 1\n    except Exception:\n        pass\n")
    monkeypatch.setattr(catalog, "IMPORT_SECONDS", 0.2)
    with pytest.raises(SpecError, match=r"did not import within 0\.2 s") as error:
        catalog.load(str(spec))
    assert error.value.where is not None
    assert error.value.where.line in range(2, 7)


@pytest.mark.parametrize("folder", ["specs", "proofs"])
def test_what_an_installation_has_inside_the_package_is_a_model_all_the_same(folder: str) -> None:
    """An installed wheel holds specs and proofs inside of gomodel, whose own functions are not traced."""
    inside = Path(gomodel.__file__).parent
    assert source._ours(str(inside / "run" / "check.py"))
    assert not source._ours(str(inside / folder / "runtime" / "sema.py"))
