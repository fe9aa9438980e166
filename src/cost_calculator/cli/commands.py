"""Runs a command of a list by its name; only the module of the chosen one is imported."""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cost_calculator.cli.arguments import UsageError
from cost_calculator.cli.failures import exit_code_of
from cost_calculator.cli.options import (
    add_deployment_arguments,
    add_json_argument,
    with_defaults,
)

GROUPS: Mapping[str, str] = {
    "ask": "ask and explain",
    "money": "money",
    "operate": "operate",
    "files": "files",
    "models": "models",
    "shell": "shell",
}
"""The headings of ``--help``, in order."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its module has ``configure(parser)`` and ``run(arguments) -> int``."""

    name: str
    group: str
    module: str
    summary: str

    def load(self) -> Any:
        return importlib.import_module(self.module)

    def parser(self, prog: str) -> argparse.ArgumentParser:
        """Return the parser of what follows the command's name."""
        description = self.summary[0].upper() + self.summary[1:] + "."
        parser = argparse.ArgumentParser(prog=f"{prog} {self.name}", description=description)
        self.load().configure(parser)
        return parser


def run_command(prog: str, commands: Sequence[Command], argv: Sequence[str] | None = None) -> int:
    """Run ``PROG [options] COMMAND …`` and return its exit code; ``argv`` defaults to sys.argv."""
    words = sys.argv[1:] if argv is None else list(argv)
    top = top_parser(prog, commands)
    place = _place_of_command(top, words)
    given = top.parse_args(words[:place])
    if place == len(words):
        top.print_help(sys.stderr)
        return 2
    name, rest = words[place], words[place + 1 :]
    chosen = next((each for each in commands if each.name == name), None)
    if chosen is None:
        top.error(_unknown(prog, name, commands))
    parser: argparse.ArgumentParser | None = None
    try:
        parser = chosen.parser(prog)
        arguments = with_defaults(parser.parse_args(rest, given))
        code = int(chosen.load().run(arguments))
        sys.stdout.flush()
        return code
    except UsageError as error:
        assert parser is not None
        parser.error(str(error))
    except BaseException as error:
        failed = exit_code_of(error, f"{prog} {chosen.name}")
        if failed is None:
            raise
        return failed


def top_parser(prog: str, commands: Sequence[Command]) -> argparse.ArgumentParser:
    """Return the parser of what comes before the command; its help lists the commands."""
    parser = argparse.ArgumentParser(
        prog=prog,
        usage="%(prog)s [options] COMMAND …",
        description=_listing(commands),
        epilog=f"`{prog} COMMAND --help` describes one. Options go before the command or after it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_json_argument(parser)
    add_deployment_arguments(parser)
    return parser


def _place_of_command(top: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Return where the command is: the first word that is neither an option nor an option's value.

    argparse can only find it together with the rest, and takes a `--` of the command's away.
    """
    place = 0
    while place < len(words) and words[place].startswith("-"):
        option = top._option_string_actions.get(words[place])
        place += 2 if option is not None and option.nargs is None else 1
    return min(place, len(words))


def _listing(commands: Sequence[Command]) -> str:
    width = max(len(command.name) for command in commands) + 2
    sections = []
    for group, heading in GROUPS.items():
        lines = [
            f"  {command.name:{width}}{command.summary}"
            for command in commands
            if command.group == group
        ]
        if lines:
            sections.append("\n".join([f"{heading}:", *lines]))
    return "\n\n".join(sections)


def _unknown(prog: str, name: str, commands: Sequence[Command]) -> str:
    near = difflib.get_close_matches(name, [command.name for command in commands], n=1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    return f"there is no command {name!r}: {guess}`{prog} --help` lists them"
