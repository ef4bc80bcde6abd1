"""The shipped specs as importable modules: ``from gomodel.specs.runtime.sema import Semaphore``.

An installed wheel holds the specs in this very folder.  In a checkout, or an editable install of one, they
lie in ``specs/`` beside the package, and this package's search path says so.  Either way a spec is one module
under one name, and no spec's folder goes on ``sys.path``, where ``select.py`` would hide the standard library's.
"""

from pathlib import Path

_folder = Path(__file__).resolve().parent
if not any(_folder.glob("*/*.py")):
    __path__ = [str(_folder.parent.parent / "specs")]
