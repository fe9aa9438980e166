"""botocore reads the model of a service from a large file for each session: once a process will do.

A test that makes clients, or runs a command that does, makes a session of its own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader

_read = cache(JSONFileLoader().load_file)


def install() -> None:
    """Let every session of this process share what was read: botocore changes none of it."""

    def load_file(_: JSONFileLoader, path: str) -> Any:
        return _read(path)

    JSONFileLoader.load_file = load_file
