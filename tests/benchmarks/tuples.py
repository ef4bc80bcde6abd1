"""Tuples as states."""

from __future__ import annotations

from typing import Any


def put(cells: tuple[Any, ...], i: int, value: object) -> tuple[Any, ...]:
    """``cells`` with ``value`` at place ``i``."""
    return (*cells[:i], value, *cells[i + 1 :])
