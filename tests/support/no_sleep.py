"""Unit tests wait for nobody: what sleeps is given a ``sleep``, or fails here."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_OURS = ("router", "cost_calculator", "local", "tools", "tests")
_sleep = time.sleep
_forbidden = False


def install() -> None:
    """Stand in for ``time.sleep``, before any module takes it as the default of an argument."""
    time.sleep = _checked


@contextmanager
def forbidden() -> Iterator[None]:
    """Fail a test in which our own code sleeps; libraries may."""
    global _forbidden  # noqa: PLW0603 - one process, one test at a time
    _forbidden = True
    try:
        yield
    finally:
        _forbidden = False


def _checked(seconds: float) -> None:
    package = str(sys._getframe(1).f_globals.get("__name__", "")).partition(".")[0]
    if _forbidden and package in _OURS:
        raise AssertionError(f"{package} really sleeps {seconds} s: give it a `sleep`")
    _sleep(seconds)
