"""``completion``: lets a shell complete commands, options and their values, from the parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from cost_calculator.cli.commands import top_parser
from router.cli import registry
from router.cli.shells import ANYTHING, FILES, SHELLS, Place, Word


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SHELLS), help="which shell to print it for")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = """to use it:
  bash   add to ~/.bashrc:  eval "$(faregate completion bash)"
  zsh    add to ~/.zshrc, after compinit:  eval "$(faregate completion zsh)"
  fish   faregate completion fish > ~/.config/fish/completions/faregate.fish"""


def run(arguments: argparse.Namespace) -> int:
    print(SHELLS[arguments.shell](registry.PROG, list(places())))
    return 0


def places() -> Iterator[Place]:
    """Yield the program itself, then each command and each of its actions."""
    commands = tuple(Word(each.name, each.summary) for each in registry.COMMANDS)
    top = top_parser(registry.PROG, registry.COMMANDS)
    yield Place("", (*commands, *_options(top)), takes_files=False)
    for command in registry.COMMANDS:
        yield from _of(command.name, command.parser(registry.PROG))


def _of(path: str, parser: argparse.ArgumentParser) -> Iterator[Place]:
    words: list[Word] = []
    takes_files = False
    for action in parser._get_positional_actions():
        if isinstance(action, argparse._SubParsersAction):
            helps = {each.dest: each.help or "" for each in action._choices_actions}
            words += [Word(name, helps.get(name, "")) for name in action.choices]
            for name, inner in action.choices.items():
                yield from _of(f"{path} {name}", inner)
        elif action.choices is not None:
            words += [Word(str(choice), action.help or "") for choice in action.choices]
        takes_files = takes_files or _value_of(action) == FILES
    yield Place(path, (*words, *_options(parser)), takes_files)


def _options(parser: argparse.ArgumentParser) -> Iterator[Word]:
    for action in parser._actions:
        for flag in action.option_strings:
            if flag.startswith("--"):
                summary = (action.help or "") % {"default": action.default}
                yield Word(flag, summary, () if action.nargs == 0 else _value_of(action))


def _value_of(action: argparse.Action) -> tuple[str, ...]:
    if action.choices is not None:
        return tuple(map(str, action.choices))
    is_file = action.type is Path or action.metavar == "FILE" or action.dest == "file"
    return FILES if is_file else ANYTHING
