"""Runs ``python -m router COMMAND``: the commands of ``faregate``."""

from __future__ import annotations

from collections.abc import Sequence

from router.cli import registry


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return registry.main(argv, "python -m router")


if __name__ == "__main__":
    raise SystemExit(main())
