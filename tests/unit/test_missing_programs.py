"""A test whose program is missing is skipped, counted, and a failure where skips fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import programs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
from tests.conftest import pytest_sessionfinish, pytest_terminal_summary  # noqa: F401
"""
SOME = """
import pytest
from tests.support import programs

@pytest.mark.parametrize("n", range(3))
def test_it(n):
    programs.required("Spyglass", "no-such-program")

def test_other():
    pytest.skip("for a reason of its own")
"""


def test_a_program_is_found_by_any_of_its_names() -> None:
    assert programs.required("a shell", "", "no-such-program", "sh").endswith("/sh")


@pytest.mark.parametrize(("skips", "code"), [("", 0), ("fail", 1)])
def test_skips_are_counted_and_fail_on_order(tmp_path: Path, skips: str, code: int) -> None:
    (tmp_path / "conftest.py").write_text(TESTS)
    (tmp_path / "test_some.py").write_text(SOME)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis",
         "--rootdir", str(tmp_path), "-o", f"pythonpath={ROOT}", str(tmp_path)],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "SKIPS": skips}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip

    assert done.returncode == code, done.stdout + done.stderr
    assert "3 tests skipped: this machine lacks Spyglass" in done.stdout
    assert "4 skipped" in done.stdout
