"""What the simulated models answer to coding agents, and what of it must reach their users.

What an agent sends has much text that is not the user's, and names tools that the simulated models
would call for words in it: their answers are on order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.local_cloud.real_clients import STORY

MAKE = "echo hello > made.txt"
LACKS = {
    "claude_code": (),
    # Whole items of an answer are all that its output has.
    "codex": ("stream", "document"),
    "aider": ("stream", "image", "document", "structured"),
}


def rules(program: str, cell: str, mark: str, work: Path) -> list[dict[str, Any]]:
    """Return what the simulated models answer to the question with a mark."""
    here = {"contains": mark, "stream": True}
    call = {
        ("claude_code", "tools"): (
            "Bash",
            {"command": "echo hello > made.txt", "description": "x"},
        ),
        ("claude_code", "image"): ("Read", {"file_path": str(work / "picture.png")}),
        ("claude_code", "document"): ("Read", {"file_path": str(work / "report.pdf")}),
        ("claude_code", "structured"): ("StructuredOutput", {"city": "Paris"}),
        ("codex", "tools"): ("exec_command", {"cmd": MAKE}),
    }.get((program, cell))
    first = {"match": {**here, "nth": 1}, "count": None}
    text = {"match": here, "count": None, "text": f"Paris. {STORY} {mark}"}
    if (program, cell) == ("aider", "tools"):
        edit = "made.txt\n```\n<<<<<<< SEARCH\n=======\nhello\n>>>>>>> REPLACE\n```\n"
        return [{**text, "text": edit}]
    if call:
        called = {**first, "calls": [{"name": call[0], "arguments": call[1]}]}
        return [called] if cell in ("image", "document") else [called, text]
    if cell in ("image", "structured"):
        return []
    how = {"broken": {"error_after": 20}, "cancel": {"slow_ms": 150}}.get(cell, {})
    return [{**text, **how}]


def verdict(cell: str, got: Mapping[str, Any], mark: str, *, is_recorded: bool) -> str:
    """Return ``yes``, ``lacks``, or what went wrong."""
    if got.get("lacks"):
        return "lacks"
    text, error = (" ".join(str(got.get(name) or "").split()) for name in ("text", "error"))
    said = "".join(got.get("pieces") or ())
    good = {
        "text": mark in text,
        "stream": mark in said and len(got.get("pieces") or ()) > 3,
        "tools": got.get("made", "").strip() == "hello",
        "image": "640 x 480" in text,
        "document": "2 pages" in text,
        "structured": text.startswith("{") and json.loads(text).keys() == {"city"},
        "error": "must be auto, or one of" in error,
        "broken": "the model broke off" in error,
        "cancel": is_recorded and mark not in said,
    }
    return "yes" if good[cell] else (error or text or said or str(dict(got)))[:300]
