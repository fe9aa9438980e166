"""Adds up what the chunks did: the summary and the manifest of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from router.errors import RouterError
from router.ingress.batch.layout import (
    bad_lines_key,
    batch_summary_key,
    manifest_key,
    results_key,
    summary_key,
)
from router.ingress.batch.results import add_up, to_json, with_totals


class BatchIncomplete(RouterError):
    """Some chunks could not be run; the same batch again does only those."""


class Files(Protocol):
    """The bucket; ``find_all`` answers in the order of the keys, ``None`` for what is not there."""

    def find_all(self, keys: Iterable[str]) -> list[str | None]: ...

    def put(self, key: str, body: str) -> None: ...


def finish(batch: Mapping[str, Any], files: Files) -> dict[str, Any]:
    """Write ``summary.json`` and ``manifest.json``; return the summary, or raise BatchIncomplete.

    Both are written in either case, so that what was done can be read.
    """
    batch_id = batch["batch_id"]
    chunks = range(1, int(batch["chunks"]) + 1)
    found = dict(
        zip(chunks, files.find_all(summary_key(batch_id, chunk) for chunk in chunks), strict=True)
    )
    done = [chunk for chunk, text in found.items() if text]
    missing = len(found) - len(done)
    total = with_totals(add_up(json.loads(text) for text in found.values() if text))
    summary = {
        "batch_id": batch_id,
        "complete": not missing and total["statuses"].get("REJECTED", 0) == 0,
        "lines": batch["lines"],
        "bad_lines": batch["bad_lines"],
        "prompts_missing": batch["lines"] - total["prompts"],
        **total,
    }
    rounds = range(1, int(batch["round"]) + 1)
    bad_lines = [bad_lines_key(batch_id, number) for number in rounds]
    bad = files.find_all(bad_lines)
    manifest = {
        "batch_id": batch_id,
        "input": batch["key"],
        "summary": batch_summary_key(batch_id),
        "results": [results_key(batch_id, chunk) for chunk in done],
        "bad_lines": [key for key, text in zip(bad_lines, bad, strict=True) if text],
    }
    files.put(batch_summary_key(batch_id), to_json(summary))
    files.put(manifest_key(batch_id), json.dumps(manifest))
    if missing:
        raise BatchIncomplete(
            f"{missing} of {len(found)} chunks have no results: start the same batch again,"
            " which does only what is missing"
        )
    parsed: dict[str, Any] = json.loads(to_json(summary))
    return parsed
