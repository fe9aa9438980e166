"""``chat``: a conversation with the HTTP API, streamed, with the cost of each turn and of all."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal

from cost_calculator.cli.arguments import UsageError, matching
from cost_calculator.cli.options import add_json_argument
from cost_calculator.pricing import plain
from router.cli.chat_stream import Api, Turn, TurnFailed

HELP = "/new starts another conversation, /quit ends"
_url = matching(r"https?://[^\s?#]+", "the API's URL: https://….amazonaws.com/v1")
_key = matching(r"[!-~]+", "a key: `faregate keys create --tenant …` prints one")
_model = matching(r"[0-9A-Za-z_.-]{1,64}", "auto, a tier such as SIMPLE, or a tenant's name of one")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url", type=_url, default=os.environ.get("FAREGATE_URL"),
        help="the HTTP API's URL, as output.api.url has it (FAREGATE_URL)",
    )  # fmt: skip
    parser.add_argument(
        "--key", type=_key, default=os.environ.get("FAREGATE_KEY"),
        help="a Bearer key (FAREGATE_KEY)",
    )  # fmt: skip
    parser.add_argument(
        "--model", type=_model, default="auto", help="auto, a tier, or a name of one (%(default)s)"
    )
    add_json_argument(parser, "print each turn as a line of JSON, once it is whole")


def run(arguments: argparse.Namespace) -> int:
    for name in ("url", "key"):
        if not getattr(arguments, name):
            raise UsageError(f"give --{name}, or set FAREGATE_{name.upper()}")
    api = Api(arguments.url, arguments.key, arguments.model)
    return Chat(api, as_json=arguments.json).run()


class Chat:
    """A session: what was said, and what it has cost so far."""

    def __init__(self, api: Api, *, as_json: bool = False) -> None:
        self._api = api
        self._as_json = as_json
        self._messages: list[dict[str, str]] = []
        self._total = Decimal(0)
        self._unknown = 0
        self._failed = 0

    def run(self, prompts: Callable[[], Iterator[str]] | None = None) -> int:
        """Answer each line of stdin; 1 if a turn failed, else 0."""
        for line in (prompts or _typed)():
            match line.strip().split():
                case []:
                    continue
                case ["/quit"]:
                    break
                case ["/new"]:
                    self._messages.clear()
                case [command, *_] if command.startswith("/"):
                    print(f"there is no {command}: {HELP}", file=sys.stderr)
                case _:
                    self._ask(line.strip())
        return 1 if self._failed else 0

    def _ask(self, prompt: str) -> None:
        asked = [*self._messages, {"role": "user", "content": prompt}]
        try:
            turn = self._spoken(asked)
        except TurnFailed as failed:
            self._failed += 1
            self._count(failed.cost_usd)
            print(f"{failed}", file=sys.stderr, flush=True)
            return
        except KeyboardInterrupt:
            self._count(None)
            print("\ninterrupted: the request goes on, and is paid", file=sys.stderr, flush=True)
            return
        self._messages = [*asked, {"role": "assistant", "content": turn.text}]
        self._count(turn.cost_usd)
        self._show(turn)

    def _count(self, cost_usd: Decimal | None) -> None:
        if cost_usd is None:
            self._unknown += 1
        else:
            self._total += cost_usd

    def _spoken(self, asked: list[dict[str, str]]) -> Turn:
        pieces = self._api.ask(asked)
        has_begun = False
        try:
            while True:
                piece = next(pieces)
                if not self._as_json:
                    has_begun = True
                    print(piece, end="", flush=True)
        except StopIteration as end:
            turn: Turn = end.value
            return turn
        finally:
            if has_begun:
                print(flush=True)

    def _show(self, turn: Turn) -> None:
        if self._as_json:
            shown = {
                "request_id": turn.request_id,
                "output": turn.text,
                "model": turn.model,
                "tier": turn.tier,
                "cost_usd": None if turn.cost_usd is None else plain(turn.cost_usd),
                "session_usd": plain(self._total),
                "unknown_costs": self._unknown,
            }
            print(json.dumps(shown, ensure_ascii=False), flush=True)
            return
        cost = "cost not known" if turn.cost_usd is None else f"$ {plain(turn.cost_usd)}"
        unknown = f" and {self._unknown} unknown" if self._unknown else ""
        print(f"[{turn.model}, {turn.tier}, {cost}; session $ {plain(self._total)}{unknown}]\n")


def _typed() -> Iterator[str]:
    """Yield lines as they are typed, or as a pipe or file has them."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    import readline  # noqa: F401 - input() then edits lines

    print(HELP)
    while True:
        try:
            yield input("> ")
        except (EOFError, KeyboardInterrupt):
            print()
            return
