"""Coding agents at the deployed API, each started as its user does, in a home of its own."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.encoding import json_object
from tests.clients.record import Client
from tests.local_cloud import npm_clients
from tests.local_cloud.agent_scripts import LACKS
from tests.local_cloud.door import Door
from tests.local_cloud.real_clients import ALONE, BUILD, installed
from tests.local_patches.simulator.files import pdf
from tests.support.patience import HANGS_SECONDS

FOLDER = BUILD / "agents"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
_QUIET = {
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
}
_CODEX = """model = "COMPLEX"
model_provider = "faregate"
web_search = "disabled"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.faregate]
name = "Faregate"
base_url = "{url}"
env_key = "FAREGATE_KEY"
wire_api = "responses"
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an agent works: ``home`` is its own, ``work`` the folder of its project."""

    home: Path
    work: Path
    door: Door


def install() -> None:
    """Install the agents that come from npm, and aider."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    npm_clients.install(npm_clients.CLIENTS / "agents", FOLDER)
    installed("aider")


def place(folder: Path, door: Door) -> Place:
    """Return a new home and a folder with a picture and a report in it."""
    made = Place(folder / "home", folder / "work", door)
    for each in (made.home / ".codex", made.work):
        each.mkdir(parents=True)
    (made.home / ".codex" / "config.toml").write_text(_CODEX.format(url=door.url))
    (made.work / "picture.png").write_bytes(_picture(640, 480))
    (made.work / "report.pdf").write_bytes(pdf(2))
    (made.work / "schema.json").write_text(json.dumps(SCHEMA))
    return made


def _picture(width: int, height: int) -> bytes:
    """Return a grey PNG: agents decode what they send."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    )


def claude_code(place: Place, cell: str, prompt: str, model: str) -> list[str]:
    """Return how Claude Code is started for a cell; it streams its events as JSON."""
    [binary] = FOLDER.glob("node_modules/@anthropic-ai/claude-code-*/claude")
    more = {
        "structured": ["--json-schema", json.dumps(SCHEMA)],
        "tools": ["--allowedTools", "Bash"],
    }
    shown = ["--output-format", "stream-json", "--include-partial-messages", "--verbose"]
    return [str(binary), "-p", prompt, "--model", model, *shown, *more.get(cell, [])]


def codex(place: Place, cell: str, prompt: str, model: str) -> list[str]:
    """Return how Codex is started for a cell."""
    [binary] = FOLDER.glob("node_modules/@openai/codex-*/vendor/*/bin/codex")
    more = {
        "image": ["-i", "picture.png"],
        "structured": ["--output-schema", "schema.json"],
        # The machine of a test is its sandbox: what Codex brings for one needs rights of its own.
        "tools": ["--dangerously-bypass-approvals-and-sandbox"],
    }
    options = ["--skip-git-repo-check", "--json", "-m", model, *more.get(cell, [])]
    return [str(binary), "exec", *options, "--", prompt]


def aider(place: Place, cell: str, prompt: str, model: str) -> list[str]:
    """Return how aider is started for a cell: one message, without git."""
    aside = ["--no-git", "--yes-always", "--no-check-update", "--analytics-disable", "--no-pretty"]
    options = ["--no-show-model-warnings", "--no-show-release-notes", "--no-detect-urls", *aside]
    # As aider asks models that it knows; a new one is asked to write whole files.
    files = ["--edit-format", "diff", "made.txt"] if cell == "tools" else []
    return [
        str(BUILD / "aider" / "bin" / "aider"), "--model", f"openai/{model}", *options,
        "--message", prompt, *files,
    ]  # fmt: skip


# What an agent prints when its model has begun: words of the answer, or what came before them.
_BEGUN = {"claude_code": "text_delta", "codex": '"type":"reasoning"', "aider": "Rhine"}
STARTS: Mapping[str, Callable[[Place, str, str, str], list[str]]] = {
    "claude_code": claude_code,
    "codex": codex,
    "aider": aider,
}


def tried(client: Client, cell: str, place: Place, mark: str) -> dict[str, Any]:
    """Return what came of a cell, as a program of tests/clients would print it."""
    if cell in LACKS[client.program]:
        return {"lacks": True}
    model = "NOBODY" if cell == "error" else "COMPLEX"
    command = STARTS[client.program](place, cell, f"Say or do it: {mark}", model)
    printed = _printed(command, place, _BEGUN[client.program] if cell == "cancel" else None)
    if client.program == "aider":
        return _plain(cell, printed, place)
    events = [json_object(line) for line in printed.splitlines()]
    pieces = [piece for event in events for piece in _pieces(event)]
    finals = [text for event in events for text in _finals(event)]
    if cell in ("stream", "cancel"):
        return {"pieces": pieces}
    if cell in ("error", "broken"):
        return {"error": " ".join(finals) or printed[-300:], "pieces": pieces}
    return {"text": finals[-1] if finals else printed[-300:], "made": _made(place)}


def _made(place: Place) -> str:
    file = place.work / "made.txt"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _printed(command: Sequence[str], place: Place, until: str | None) -> str:
    """Return what an agent prints; its user ends it once that has ``until`` in it."""
    env = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb", "PYTHONUNBUFFERED": "1",
        **ALONE, **_QUIET,
        "HOME": str(place.home), "FAREGATE_KEY": place.door.key,
        "ANTHROPIC_BASE_URL": place.door.url.removesuffix("/v1"),
        "ANTHROPIC_API_KEY": place.door.key,
        "OPENAI_API_BASE": place.door.url, "OPENAI_API_KEY": place.door.key,
    }  # fmt: skip
    with subprocess.Popen(
        command,
        cwd=place.work,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout
        printed = b""
        while part := os.read(process.stdout.fileno(), 65_536):
            printed += part
            if until and until.encode() in printed:
                process.send_signal(signal.SIGINT)
                break
        process.communicate(timeout=HANGS_SECONDS)
    return printed.decode(errors="replace")


def _pieces(event: Mapping[str, Any]) -> Iterator[str]:
    match event:
        case {"event": {"delta": {"type": "text_delta", "text": str(text)}}}:
            yield text


def _finals(event: Mapping[str, Any]) -> Iterator[str]:
    match event:
        case {"type": "result", "structured_output": dict(found)}:
            yield json.dumps(found)
        case {"type": "result", "result": str(text)}:
            yield text
        case {"type": "item.completed", "item": {"type": "agent_message", "text": str(text)}}:
            yield text
        case {"type": "turn.failed", "error": {"message": str(text)}}:
            yield text


def _plain(cell: str, text: str, place: Place) -> dict[str, Any]:
    if cell in ("error", "broken"):
        return {"error": text, "pieces": []}
    return {"text": text, "pieces": [text], "made": _made(place)}
