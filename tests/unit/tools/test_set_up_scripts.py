"""A machine that lacks a program hears of it in one line, with the way out."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OLD = """#!/bin/sh
case "$2" in *version_info*) exit 1;; esac
echo 3.9.6
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH with a few programs and no others."""
    for name in ("sh", "dirname", "id", "mktemp", "rm"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def add(path: Path, name: str, text: str = "#!/bin/sh\n") -> None:
    (path / name).write_text(text)
    (path / name).chmod(0o755)


def run(script: str, path: Path, *arguments: str, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / script), *arguments],
        env={"PATH": str(path), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_python_that_is_too_old_is_named_with_the_way_out(path: Path) -> None:
    add(path, "python3", OLD)

    code, said = run("python.sh", path)

    assert code == 1
    assert said.startswith("Faregate needs Python 3.11 or newer, and python3 is 3.9.6: install it")
    assert "make PYTHON=python3.13" in said
    assert said.count("\n") == 1


def test_where_uv_is_there_it_is_the_way_out(path: Path) -> None:
    add(path, "uv")

    code, said = run("python.sh", path)

    assert code == 1
    assert said == (
        "Faregate needs Python 3.11 or newer, and there is no python3: uv python install 3.13, "
        'then make PYTHON="$(uv python find 3.13)" …\n'
    )


def test_a_python_that_is_new_enough_is_no_matter(path: Path) -> None:
    add(path, "python3.12")

    assert run("python.sh", path, PYTHON="python3.12") == (0, "")


def test_an_environment_is_not_begun_with_a_python_that_is_too_old(path: Path) -> None:
    add(path, "python3", OLD)

    code, said = run("venv.sh", path, str(path / "venv"), "no.lock", PYTHON="python3")

    assert (code, (path / "venv").exists()) == (1, False)
    assert said.count("\n") == 1


@pytest.mark.parametrize(("skips", "code"), [("", 0), ("fail", 1)])
def test_without_chromium_its_tests_are_skipped_or_the_run_fails(
    path: Path, skips: str, code: int
) -> None:
    (path / "id").unlink()
    add(path, "id", "#!/bin/sh\necho 1000\n")

    found, said = run("chromium.sh", path, SKIPS=skips)

    assert found == code
    assert said.startswith("The tests of pages are skipped without Chromium: install it")
    assert run("chromium.sh", path, CHROMIUM="sh", SKIPS="fail") == (0, "")
