"""What a shell offers is what the parsers take."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from router.cli import registry
from router.cli.completion import places
from router.cli.shells import SHELLS

PLACES = {place.path: place for place in places()}


@pytest.fixture(params=SHELLS)
def script(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    assert registry.main(["completion", request.param]) == 0
    return request.param, capsys.readouterr().out


def test_the_script_is_valid(script: tuple[str, str], tmp_path: Path) -> None:
    shell, text = script
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(text)

    subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


def test_every_command_and_option_is_in_it(script: tuple[str, str]) -> None:
    shell, text = script
    for place in PLACES.values():
        assert f'"{place.path}"' in text
        for word in place.words:
            is_option = word.text.startswith("--")
            wanted = f"-l {word.text[2:]} " if shell == "fish" and is_option else word.text
            assert wanted in text


# The zsh script keeps to what bash understands too, so bash can press Tab where zsh is missing.
# zsh counts words from 1, and `_describe` takes the name of an array of `word:summary`.
STAND_INS = """
compdef() { :; }
compadd() { shift; printf '%s\\n' "$@"; }
_files() { echo FILES; }
_describe() { local each; for each in "${offered[@]}"; do printf '%s\\n' "${each%%:*}"; done; }
"""


def offered_by_zsh(tmp_path: Path, *words: str) -> set[str]:
    script = tmp_path / "_faregate"
    script.write_text(SHELLS["zsh"]("faregate", list(PLACES.values())))
    line = " ".join(f"'{word}'" for word in words)
    done = subprocess.run(
        ["bash", "-c", f"{STAND_INS} . {script}; words=('' {line}); CURRENT={len(words)};"
         " _faregate"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return {word for word in done.stdout.split() if word.startswith(words[-1]) or word == "FILES"}


def offered(tmp_path: Path, *words: str) -> set[str]:
    """Press Tab in bash after these words."""
    script = tmp_path / "faregate.bash"
    script.write_text(SHELLS["bash"]("faregate", list(PLACES.values())))
    line = " ".join(f"'{word}'" for word in words)
    done = subprocess.run(
        ["bash", "-c", f'. {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _faregate;'
         ' printf "%s\\n" "${COMPREPLY[@]}"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["faregate", "rep"], {"report", "reprice"}),
        (["faregate", "budget", "s"], {"show", "set"}),
        (["faregate", "--region", "x", "budget", "set", "--soft"], {"--soft-share"}),
        (
            ["faregate", "report", "--by", ""],
            {"model", "tenant", "tier", "workflow", "session", "day"},
        ),
        (["faregate", "report", "--since", ""], set()),
        (["faregate", "completion", ""], {"bash", "zsh", "fish", "--help"}),
        (["faregate", "redrive", "e"], {"events"}),
        (["faregate", "classify", ""], set()),  # files, by readline
        (["faregate", "classify", "--ex"], {"--explain"}),
        (["faregate", "calibrate", "--labels", "x"], set()),
    ],
)
def test_bash_offers_what_may_follow(words: list[str], expected: set[str], tmp_path: Path) -> None:
    assert offered(tmp_path, *words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["faregate", "rep"], {"report", "reprice"}),
        (["faregate", "--region", "x", "budget", "set", "--soft"], {"--soft-share"}),
        (["faregate", "report", "--by", "t"], {"tenant", "tier"}),
        (["faregate", "report", "--since", ""], set()),
        (["faregate", "classify", "--ex"], {"--explain", "FILES"}),
        (["faregate", "batch", "submit", "--id", ""], set()),
        (["faregate", "calibrate", "--labels", ""], {"FILES"}),
    ],
)
def test_zsh_offers_what_may_follow(words: list[str], expected: set[str], tmp_path: Path) -> None:
    assert offered_by_zsh(tmp_path, *words) == expected
