"""Reads and answers JSONL line by line: order kept, memory bounded, bad lines reported in place."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from cost_calculator.cli.options import add_json_argument
from router.analyzer import Analyzer, Classification, Message, load

LONGEST_LINE = 8 * 1024 * 1024  # bytes; a longer line is reported, its rest skipped
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


class BadLine(ValueError):
    """A line that cannot be answered; the message explains what to write instead."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that every JSONL command takes."""
    parser.add_argument(
        "file",
        nargs="?",
        default="-",
        help="JSONL with {id, prompt} or {id, messages, tools}; - is stdin",
    )
    add_weights_argument(parser)
    add_json_argument(parser, "as without it: JSON lines")


def add_weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--weights``; a file that cannot be used is a usage error."""
    parser.add_argument(
        "--weights", type=_weights, metavar="FILE", help="weights of yours (the shipped ones)"
    )


def _weights(text: str) -> Path:
    try:
        load(Path(text))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(
            f"{error}: give a file that `faregate calibrate` wrote"
        ) from None
    return Path(text)


def answer(args: argparse.Namespace, record: Callable[[Classification], Mapping[str, Any]]) -> int:
    """Answer each line of ``args.file`` on stdout; bad lines are counted on stderr."""
    analyzer = load(args.weights)
    bad = 0
    with sys.stdin.buffer if args.file == "-" else Path(args.file).open("rb") as source:
        for number, line in lines(source):
            row: Any = None
            try:
                row = parse(line)
                answered = {"id": row.get("id"), **record(judge(analyzer, row))}
            except BadLine as error:
                bad += 1
                known = {"id": row["id"]} if isinstance(row, dict) and "id" in row else {}
                answered = {**known, "line": number, "error": str(error)}
            sys.stdout.write(json.dumps(answered) + "\n")
        sys.stdout.flush()
    if bad:
        print(f"{bad} bad line{'s' if bad > 1 else ''}: see the error records", file=sys.stderr)
    return 0


def lines(source: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (number, line) of the lines that are not blank, each cut at LONGEST_LINE + 1 bytes."""
    number = 0
    while line := source.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = source.readline(LONGEST_LINE + 1)
        if line.strip():
            yield number, line


def parse(line: bytes) -> dict[str, Any]:
    """Return the object of a line."""
    if len(line) > LONGEST_LINE:
        raise BadLine(f"longer than {LONGEST_LINE} bytes; shorten the prompt")
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLine(f'not JSON ({error}); write {{"id": "1", "prompt": "..."}}') from None
    if not isinstance(row, dict):
        raise BadLine('not an object; write {"id": "1", "prompt": "..."}')
    return row


def judge(analyzer: Analyzer, row: Mapping[str, Any]) -> Classification:
    """Classify the prompt or the messages of a row; what tools there are moves no label."""
    if "messages" in row:
        return analyzer.classify(_messages(row["messages"]))
    if not isinstance(row.get("prompt"), str):
        raise BadLine('"prompt" is missing or no string; write {"id": "1", "prompt": "..."}')
    return analyzer.classify_prompt(row["prompt"])


def _messages(value: object) -> Sequence[Message]:
    if not isinstance(value, list) or not value:
        raise BadLine('"messages" must be a list of {"role": "user", "content": "..."}')
    for number, message in enumerate(value, 1):
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise BadLine(f'message {number}: "role" must be one of {", ".join(_ROLES)}')
        if not _is_content(message.get("content"), message):
            raise BadLine(
                f'message {number}: "content" must be text or a list of parts such as'
                ' {"type": "text", "text": "..."}'
            )
    return value


def _is_content(content: object, message: Mapping[str, Any]) -> bool:
    if content is None:  # an assistant that calls tools need not say anything
        return bool(message["role"] == "assistant")
    if isinstance(content, list):
        return all(
            isinstance(p, dict)
            and isinstance(p.get("type"), str)
            and isinstance(p.get("text", ""), str)
            for p in content
        )
    return isinstance(content, str)
