"""One list of commands serves `faregate`, both `python -m …` and the help."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import cost_calculator.cli
import router.cli
from cost_calculator.cli.commands import GROUPS
from cost_calculator.cli.registry import COMMANDS as COST_COMMANDS
from router.cli import registry

WANTED = {
    "ask": "ask chat upload explain classify",
    "money": "report reconcile reprice breakeven capacity price dashboard",
    "operate": "doctor review rerun redrive budget breaker keys forget feedback",
    "files": "batch",
    "models": "shadow split calibrate score",
    "shell": "completion",
}
OFFLINE = ["explain", "classify", "score", "price", "breakeven", "capacity", "calibrate"]
PARSERS = {command.name: command.parser("faregate") for command in registry.COMMANDS}


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers of a command's actions, or its own where it has none."""
    inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not inner:
        yield parser
    for action in inner:
        for each in action.choices.values():
            yield from leaves(each)


def test_every_command_is_in_its_group_once() -> None:
    assert {g: set(names.split()) for g, names in WANTED.items()} == {
        group: {c.name for c in registry.COMMANDS if c.group == group} for group in GROUPS
    }
    assert set(Counter(command.name for command in registry.COMMANDS).values()) == {1}


def test_no_module_of_a_command_is_forgotten() -> None:
    found = set()
    for package in (router.cli, cost_calculator.cli):
        folder = Path(package.__path__[0])
        for path in (*folder.glob("*.py"), *folder.glob("*/__init__.py")):
            name = path.stem if path.parent == folder else path.parent.name
            if "\ndef run(" in path.read_text(encoding="utf-8"):
                found.add(f"{package.__name__}.{name}")

    assert found == {command.module for command in registry.COMMANDS}


def test_help_lists_each_command_under_its_heading(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        registry.main(["--help"])

    sections = capsys.readouterr().out.split("\n\n")
    for group, heading in GROUPS.items():
        [section] = [text for text in sections if text.startswith(f"{heading}:")]
        names = [line.split()[0] for line in section.splitlines()[1:]]
        assert names == [c.name for c in registry.COMMANDS if c.group == group]


def test_a_command_without_a_name_prints_the_help_and_is_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert registry.main([]) == 2
    assert "ask and explain:" in capsys.readouterr().err


def test_a_misspelt_command_is_corrected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        registry.main(["reprot"])

    assert "did you mean `report`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--help"], *([name, "--help"] for name in (*OFFLINE, "report"))], ids=" ".join
)
def test_what_needs_no_cloud_imports_no_sdk(words: list[str]) -> None:
    heavy = "boto3 botocore rich openai anthropic"
    if words[0] not in ("explain", "classify", "score", "calibrate"):
        heavy += " router.analyzer"
    program = f"""
import sys
from router.cli.registry import main
try:
    main({words!r})
except SystemExit as end:
    assert not end.code, end.code
print(sorted(set({heavy!r}.split()) & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("package", ["router", "cost_calculator"])
def test_python_dash_m_runs_the_same_commands(package: str) -> None:
    commands = registry.COMMANDS if package == "router" else COST_COMMANDS

    done = subprocess.run(
        [sys.executable, "-m", package, "--help"], capture_output=True, text=True, check=True
    )

    assert f"usage: python -m {package}" in done.stdout
    for command in commands:
        assert f"  {command.name} " in done.stdout
    assert set(COST_COMMANDS) <= set(registry.COMMANDS)


def test_faregate_is_installed_as_a_program() -> None:
    program = Path(sys.executable).with_name("faregate")

    done = subprocess.run(
        [program, "--json", "explain", "What is the capital of France?"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert '"label": "SIMPLE"' in done.stdout


@pytest.mark.parametrize("name", [name for name in PARSERS if name != "completion"])
def test_every_command_takes_json(name: str) -> None:
    for parser in leaves(PARSERS[name]):
        assert "--json" in parser._option_string_actions, parser.prog


@pytest.mark.parametrize("name", PARSERS)
def test_every_option_and_action_is_described(name: str) -> None:
    for parser in leaves(PARSERS[name]):
        assert [a.dest for a in parser._actions if not a.help] == []


@pytest.mark.parametrize(
    "words",
    [
        ["--region", "eu-west-1", "--json", "budget", "show"],
        ["budget", "show", "--region", "eu-west-1", "--json"],
        ["--json", "budget", "show", "--region", "eu-west-1"],
    ],
    ids=" ".join,
)
def test_shared_options_may_come_before_or_after_the_command(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[argparse.Namespace] = []
    budget = next(c for c in registry.COMMANDS if c.name == "budget").load()
    monkeypatch.setattr(budget, "run", lambda arguments: seen.append(arguments) or 0)

    assert registry.main(words) == 0

    assert (seen[0].region, seen[0].json, seen[0].name) == ("eu-west-1", True, None)


@pytest.mark.parametrize("prompt", ["--volume", "-5", "--", "report"])
def test_a_prompt_may_look_like_an_option(prompt: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert registry.main(["--json", "explain", "--", prompt]) == 0

    assert '"label"' in capsys.readouterr().out


def test_an_option_before_the_command_without_its_value_is_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        registry.main(["--region"])

    assert "expected one argument" in capsys.readouterr().err
