"""A command runs beside busy loops, which end with it."""

from __future__ import annotations

import sys

import pytest

from tools import busy

pytestmark = pytest.mark.slow


def test_the_command_decides_the_exit_code_and_its_time_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    codes = [busy.main([sys.executable, "-c", f"raise SystemExit({code})"]) for code in (0, 3)]

    assert codes == [0, 3]
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("succeeded beside 8 busy loops in 0 min ")
    assert said[1].startswith("failed (3) beside 8 busy loops in 0 min ")


def test_the_loops_run_in_the_block_and_end_with_it() -> None:
    with busy.busy_loops(2) as loops:
        assert [loop.poll() for loop in loops] == [None, None]

    assert [loop.returncode for loop in loops] == [-9, -9]


def test_without_a_command_it_says_what_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert busy.main([]) == 2
    assert "python -m tools.busy make test" in capsys.readouterr().err
