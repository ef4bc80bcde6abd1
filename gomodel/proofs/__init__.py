"""The proofs as importable modules: what ``gomodel.specs`` is for the specs."""

from pathlib import Path

_folder = Path(__file__).resolve().parent
if not any(_folder.glob("*/*.py")):
    __path__ = [str(_folder.parent.parent / "proofs")]
