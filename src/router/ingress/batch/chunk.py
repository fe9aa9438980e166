"""One chunk from its file to its results: run what is missing, collect, wait for the prices."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from cost_calculator.contributions import ANSWERED
from router.conversation.said import said_of
from router.encoding import json_object
from router.ingress.batch.chunk_runner import ChunkRun, Ended, Item, items_of
from router.ingress.batch.layout import chunk_key, results_key, summary_key
from router.ingress.batch.results import chunk_summary, record_of, settled, to_json

# The stream prices a row within a second or two; what takes longer is written as not known yet.
PRICE_SECONDS = 20.0
_POLL_SECONDS = 0.5


class Files(Protocol):
    """The bucket; ``find`` answers ``None`` if there is no such object."""

    def find(self, key: str) -> str | None: ...

    def put(self, key: str, body: str) -> None: ...


class Rows(Protocol):
    def rows_of(self, key: str) -> dict[str, dict[str, Any]]: ...


def run_chunk(
    batch_id: str,
    chunk: int,
    files: Files,
    rows: Rows,
    run: ChunkRun,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Run a chunk and write its results and summary; ``False`` if the time was over before.

    A chunk whose results are complete is not looked at again.
    """
    text = files.find(chunk_key(batch_id, chunk)) or ""
    digest = hashlib.sha256(text.encode()).hexdigest()
    earlier = json.loads(files.find(summary_key(batch_id, chunk)) or "{}")
    if earlier.get("chunk_sha256") == digest and earlier["complete"]:
        return True
    items = items_of(batch_id, text.splitlines())
    if not run.run(items):
        return False
    records: dict[str, dict[str, Any]] = {}
    until = clock() + PRICE_SECONDS
    while True:
        for item in items:
            if item.request_id not in records or not settled(records[item.request_id]):
                records[item.request_id] = _record(item, run.ended[item.request_id], rows, run)
        if all(map(settled, records.values())) or clock() > until or not run.has_time():
            break
        run.sleep(_POLL_SECONDS)
    lines = [json.dumps(record, ensure_ascii=False) for record in records.values()]
    files.put(results_key(batch_id, chunk), "\n".join(lines) + "\n")
    complete = all(settled(r) and r["status"] != "REJECTED" for r in records.values())
    facts = {"chunk_sha256": digest, "complete": complete}
    files.put(summary_key(batch_id, chunk), to_json(chunk_summary(records.values()) | facts))
    return True


def _record(item: Item, ended: Ended | None, rows: Rows, run: ChunkRun) -> dict[str, Any]:
    found = {} if ended else rows.rows_of(item.key)
    record = record_of(item, ended, found)
    answered = record["status"] in ANSWERED and "output_s3" not in record
    if answered and "output" not in record and not run.is_express:
        record |= _said(found["REQUEST"], run)
    return record


def _said(request: Mapping[str, Any], run: ChunkRun) -> dict[str, Any]:
    """Return an answer whose text no row keeps, from the execution's own output."""
    output = run.executions.describe(request["execution_arn"].rsplit(":", 1)[1]).output
    said = said_of(json_object(output or ""))
    return {"output": said.text, **said.beside_text} if output else {"output": None}
