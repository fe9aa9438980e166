"""The keys of a batch's objects, below ``batches/<batch id>/`` of the answers bucket."""

from __future__ import annotations

import re

from router.errors import InvalidRequest

CHUNK_LINES = 100
"""Prompts of one chunk: a child execution of the Map, a results file and a summary."""

CHUNKS_A_ROUND = 10_000
"""What one Map Run takes; a larger file is done in rounds, one Map Run after the other."""


class InvalidBatch(InvalidRequest):
    """The batch as a whole cannot be run; the message explains what to write instead."""


def checked_id(batch_id: object) -> str:
    """Return the batch id, or raise ``InvalidBatch``. A request id is made of it and a line."""
    if isinstance(batch_id, str) and re.fullmatch(r"[0-9A-Za-z_-]{1,60}", batch_id):
        return batch_id
    raise InvalidBatch('write a "batch_id" of up to 60 letters, digits, - and _')


def request_id(batch_id: str, line: int) -> str:
    """Return the id of a line's request; the same at each run of the batch."""
    return f"{batch_id}-{line}"


def folder(batch_id: str) -> str:
    return f"batches/{batch_id}/"


def chunk_key(batch_id: str, chunk: int) -> str:
    return f"{folder(batch_id)}chunks/{chunk:06}.jsonl"


def results_key(batch_id: str, chunk: int) -> str:
    return f"{folder(batch_id)}results/{chunk:06}.jsonl"


def summary_key(batch_id: str, chunk: int) -> str:
    return f"{folder(batch_id)}summaries/{chunk:06}.json"


def round_key(batch_id: str, number: int) -> str:
    """Return the key of the list of chunks that one Map Run reads."""
    return f"{folder(batch_id)}rounds/{number:04}.jsonl"


def bad_lines_key(batch_id: str, number: int) -> str:
    return f"{folder(batch_id)}bad-lines/{number:04}.jsonl"


def run_key(batch_id: str) -> str:
    """Return the key of what the command line started last."""
    return f"{folder(batch_id)}run.json"


def batch_summary_key(batch_id: str) -> str:
    return f"{folder(batch_id)}summary.json"


def manifest_key(batch_id: str) -> str:
    return f"{folder(batch_id)}manifest.json"
