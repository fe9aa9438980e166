"""The clients that docs/clients.md has a row for: how each is installed, run, and judged."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from cost_calculator.aws.items import from_item
from local import client as rows
from local import cloud
from local.deployment import Deployment
from tests.clients.record import CLIENTS, Client, recorded
from tests.local_cloud import npm_clients
from tests.local_cloud.door import Door
from tests.local_patches.simulator.files import pdf, png
from tests.support.patience import HANGS_SECONDS
from tools import clients_page

IS_RECORDING = os.environ.get("FAREGATE_CLIENTS") == "record"
PROGRAMS = Path(__file__).parents[1] / "clients"
BUILD = cloud.ROOT / "build"
STORY = "The Rhine flows on and on, past " + ", ".join(f"town {n}" for n in range(40)) + "."
CALLED = ["get_weather", "get_weather", "get_time"]
# A proxy that nobody listens at: what goes to another address than loopback fails at once.
ALONE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
    "DO_NOT_TRACK": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions of one client, a cell each, and what the simulated models do with some."""

    cells: Mapping[str, Mapping[str, str]]
    rules: tuple[Mapping[str, Any], ...]
    marks: Mapping[str, str]


def asked() -> Asked:
    """Return questions that nobody has asked before."""
    marks = {cell: uuid4().hex for cell in ("stream", "broken", "cancel")}
    story = {name: {"prompt": f"Tell me of the Rhine. {mark}"} for name, mark in marks.items()}
    picture, report = (base64.b64encode(data).decode() for data in (png(640, 480), pdf(2)))
    calls = (
        'Plan a day ({}): call get_weather {{"city": "Rome"}} and call get_weather'
        ' {{"city": "Ulm"}}, then call get_time {{"city": "Rome"}}.'
    )
    cells = {
        "text": {"prompt": f"What is the capital of France? {uuid4().hex}"},
        "stream": {**story["stream"], "model": "SIMPLE"},
        "tools": {"prompt": calls.format(uuid4().hex)},
        "image": {"prompt": f"What is this? {uuid4().hex}", "picture": picture},
        "document": {"prompt": f"What is this? {uuid4().hex}", "report": report},
        "structured": {"prompt": f"Which city is the capital of France? {uuid4().hex}"},
        "error": {"prompt": f"Who are you? {uuid4().hex}", "model": "NOBODY"},
        "broken": {**story["broken"], "model": "SIMPLE"},
        "cancel": {**story["cancel"], "model": "SIMPLE"},
    }
    does: Mapping[str, Mapping[str, Any]] = {
        "stream": {},
        "broken": {"error_after": 8},
        "cancel": {"slow_ms": 20},
    }
    rules = tuple(
        {"match": {"contains": marks[cell]}, "count": None, "text": f"{STORY} {marks[cell]}", **how}
        for cell, how in does.items()
    )
    return Asked(cells, rules, marks)


def installed(kind: str) -> None:
    """Install the clients of a kind as their lock says, in a folder that stays."""
    if kind == "javascript":
        npm_clients.installed()
        return
    install = ["tools/venv.sh", str(BUILD / kind), f"requirements/{kind}.lock"]
    env = {**os.environ, "PYTHON": sys.executable}
    subprocess.run(install, cwd=cloud.ROOT, env=env, check=True, timeout=HANGS_SECONDS)


def answers_of(client: Client, door: Door, cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return what came of each cell, as the client's program printed it."""
    if client.kind == "javascript":
        command = ["node", "run.mjs", client.program]
        folder = npm_clients.FOLDER
    else:
        command = [str(BUILD / client.kind / "bin" / "python"), "run.py", client.program]
        folder = PROGRAMS / "python"
    keys = {"BASE_URL": door.url, "KEY": door.key, "OPENAI_API_KEY": "unused"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **ALONE, **keys},
        input=json.dumps(cells),
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"cell"')]
    got = {line.pop("cell"): line for line in lines}
    assert got.keys() == set(cells), f"{client.name}: {done.stdout}\n{done.stderr[-3000:]}"
    return got


def verdict(cell: str, got: Mapping[str, Any], mark: str, *, is_recorded: bool) -> str:
    """Return ``yes``, ``lacks`` for what the client does not have, or what went wrong."""
    if got.get("lacks"):
        return "lacks"
    text = str(got.get("text") or "")
    said, error = "".join(got.get("pieces") or ()), str(got.get("error") or "")
    good = {
        "text": "Paris" in text,
        "stream": said == f"{STORY} {mark}" and len(got.get("pieces") or ()) > 3,
        "tools": got.get("called") == CALLED and "get_time of Rome: 18" in text,
        "image": "640 x 480" in text,
        "document": "2 pages" in text,
        "structured": text.startswith("{") and json.loads(text).keys() == {"city"},
        "error": "must be auto, or one of" in error,
        "broken": bool(error) and bool(said) and STORY.startswith(said),
        "cancel": is_recorded and not error and len(said) < len(STORY),
    }
    return "yes" if good[cell] else (error or text or said or str(dict(got)))[:300]


def by_kind(*kinds: str) -> list[Client]:
    """Return the clients of some kinds."""
    return [client for client in CLIENTS if client.kind in kinds]


def is_recorded(deployment: Deployment, mark: str) -> bool:
    """Return whether the answer with this mark was recorded, with its cost."""

    def has_row() -> bool:
        pages = deployment.client("dynamodb").get_paginator("scan")
        items = [
            from_item(item)
            for page in pages.paginate(TableName=deployment.usage_table, ConsistentRead=True)
            for item in page["Items"]
        ]
        ids = {row["request_id"] for row in items if mark in str(row.get("output"))}
        attempts = [
            row for row in items if row["request_id"] in ids and "ATTEMPT" in str(row["item"])
        ]
        return any(row.get("cost_status") == "PRICED" for row in attempts)

    return rows.eventually(has_row, 60)


def compare(client: Client, found: Mapping[str, str]) -> None:
    """Compare a row with the one that was written down, or write it down."""
    if IS_RECORDING:
        clients_page.note(client, found)
        return
    assert found == recorded()[client.name]["cells"], "a regression, or else: make test-clients"
