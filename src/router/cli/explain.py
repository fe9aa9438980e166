"""``explain``: one prompt, or one request with its conversation, judged in words a person reads."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cost_calculator.cli.arguments import UsageError
from cost_calculator.cli.options import add_json_argument
from router.analyzer import Classification, load
from router.analyzer.types import Complexity
from router.cli.jsonl import add_weights_argument
from router.conversation.blocks import Conversation
from router.errors import InvalidRequest
from router.intake.request import Request, parse_request

_BAR = 24
_ANY_SIZE = 1 << 30
NO_SIGN = "no sign of a harder task"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("prompt", nargs="?", default="-", help="the prompt; - reads stdin (-)")
    parser.add_argument(
        "--request",
        type=Path,
        metavar="FILE",
        help="instead, a request as JSON, with its `messages`: what is judged is the last turn",
    )
    add_weights_argument(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the verdict, what carried it, and by which weights."""
    analyzer = load(args.weights)
    holds: dict[str, Any] = {}
    if args.request:
        if args.prompt != "-":
            raise UsageError("write a prompt, or --request FILE, not both")
        asked = _request(args.request)
        found, holds = analyzer.classify(asked.messages), held(asked.conversation)
    else:
        prompt = sys.stdin.read() if args.prompt == "-" else args.prompt
        if not prompt.strip():
            raise UsageError("write a prompt, or - and the prompt on stdin")
        found = analyzer.classify_prompt(prompt)
    threshold = analyzer.threshold
    if args.json:
        print(json.dumps(as_json(found, threshold) | ({"conversation": holds} if holds else {})))
    else:
        print(render(found, threshold) + (f"\n{in_words(holds)}" if holds else ""))
    return 0


def _request(path: Path) -> Request:
    try:
        payload = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a file of JSON: {error}") from None
    try:
        return parse_request(payload, execution_name="-", input_bytes_limit=_ANY_SIZE)
    except InvalidRequest as error:
        raise UsageError(str(error)) from None


def held(conversation: Conversation) -> dict[str, Any]:
    """Return what a conversation holds beside text, in numbers."""
    return {
        "turns": len(conversation.turns),
        "tool_calls": sum(len(turn.calls) for turn in conversation.turns),
        "images": 0,
        "documents": 0,
        **conversation.files,
        "in_tool_loop": conversation.in_tool_loop,
    }


def in_words(holds: dict[str, Any]) -> str:
    """Return the same as a line of text."""
    names = ("turns", "tool_calls", "images", "documents")
    counts = ", ".join(f"{holds[name]} {name.replace('_', ' ')}" for name in names)
    loop = "; it waits for its model in a tool loop, and is not judged" * holds["in_tool_loop"]
    return f"conversation of {counts}{loop}"


def as_json(found: Classification, threshold: float | None) -> dict[str, Any]:
    """Return the same, as ``classify --explain`` has it."""
    return {
        "label": found.label,
        "confidence": round(found.confidence, 6),
        "probabilities": {name: round(p, 6) for name, p in found.probabilities.items()},
        "score": round(found.score, 6),
        "threshold": threshold,
        "reasons": reasons(found),
        "version": found.version,
    }


def reasons(found: Classification) -> list[str]:
    """Return the reasons that support the verdict, with the words that decided.

    In some prompts no single signal is decisive, and the sum of all decides.
    """
    all_reasons = found.quoting or found.reasons
    if found.label == Complexity.SIMPLE:
        return list(all_reasons)
    supporting = [reason for reason in all_reasons if reason != NO_SIGN]
    return supporting or ["no single signal decides; their sum does"]


def render(found: Classification, threshold: float | None) -> str:
    """Return the explanation as lines of text."""
    ruled = f", threshold {threshold:.2f}" if threshold is not None else ""
    return "\n".join([
        f"{found.label}  (confidence {found.confidence:.0%})",
        *(f"  {k:<12} {v:6.1%} {'█' * round(v * _BAR)}" for k, v in found.probabilities.items()),
        f"  need for the strong model {found.score:.2f} (from 0 to 1{ruled})",
        "because",
        *(f"  - {reason}" for reason in reasons(found)),
        f"weights {found.version}",
    ])  # fmt: skip
