"""The project has one name; only the changelog and the upgrading notes say the former one."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLD_NAME = "switch" + "yard"
OLD_KEY_PREFIX = "sk-" + "sy-"
HISTORY = {"CHANGELOG.md", "docs/upgrading.md"}


def files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_the_old_name_is_nowhere_but_in_the_history() -> None:
    found = [
        name
        for name in files()
        if name not in HISTORY
        and any(
            old in (name + (ROOT / name).read_text("utf-8", errors="replace")).lower()
            for old in (OLD_NAME, OLD_KEY_PREFIX)
        )
    ]

    assert found == []
