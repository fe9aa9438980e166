"""Tests by name: `path::name`, a function of Python or a `run` of Terraform's tests."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NAMES = re.compile(r'^(?:def (test_\w+)|run "(\w+)")', re.MULTILINE)


@lru_cache
def names_in(path: str) -> frozenset[str]:
    """Return the tests of a file."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return frozenset(python or run for python, run in _NAMES.findall(text))


def exists(test: str) -> bool:
    """Return whether there is a test of this name."""
    path, name = test.split("::")
    return (ROOT / path).is_file() and name in names_in(path)
