"""Takes the texts of requests out of everything that Faregate stores, and leaves the money. Pure.

Gone are: prompt and answer (CONTENT and ANSWER), the answer's copy in the cache, large requests,
answers and drafts in S3, the groups of a run over a file, a tenant's uploads, a reviewer's note,
and ``metadata``, which is the caller's own and may name people. Kept are ids, counts, costs,
reasons, times and the payload's hash, by which a repeated id is still known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cost_calculator.clock import iso
from cost_calculator.row_keys import folder_of
from cost_calculator.rows import OPEN, Row
from router.intake.stored_payload import uploads_folder
from router.recording.answer_row import ANSWER
from router.recording.duplicate_row import DUPLICATE
from router.review.decisions import REVIEW

FOLDERS = ("answers", "drafts", "requests", "runs")
CONTENT = "CONTENT"
# Attributes that hold text, or point to text that is gone.
_OF_REQUEST = ("metadata", "output_s3", "cache_key")
_OF_ATTEMPT = ("draft_s3",)
_OF_REVIEW = ("note", "draft_s3")

BEYOND_REACH = (
    "the execution's history: Step Functions keeps input and output for 90 days after its end",
    "DynamoDB's point-in-time recovery and backups: 35 days, or as long as you keep yours",
    "DynamoDB's stream: 24 hours",
    "the workflow's log, if workflow.include_execution_data is on: logs.retention_days",
    "messages in the queue, and dead letters that are no JSON object: purge the queue",
    "a batch's lines that are no JSON: delete batches/<batch id>/input.* of the bucket",
    "files of variants: delete them below variants/ of the bucket",
    "what the providers keep: their terms",
)


class Texts(Protocol):
    """Where texts are stored; see ``TextStore``."""

    def rows_of(self, key: str) -> dict[str, Row]: ...

    def requests_of(self, tenant: str, before: str | None) -> Iterable[str]: ...

    def objects_of(self, prefix: str) -> Sequence[Mapping[str, str]]: ...

    def delete_objects(self, objects: Sequence[Mapping[str, str]]) -> None: ...

    def has_kept(self, cache_key: str, source: str) -> bool: ...

    def delete_kept(self, cache_key: str, source: str) -> None: ...

    def delete_row(self, key: str, item: str) -> None: ...

    def change(
        self, row: Row, removed: Sequence[str], values: Mapping[str, Any], same: Sequence[str] = ()
    ) -> bool: ...


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was, or in a rehearsal would be, removed: counts of requests, texts and objects.

    ``running`` requests were left alone: their answer is still to come.
    """

    requests: int = 0
    running: int = 0
    contents: int = 0
    kept_answers: int = 0
    objects: int = 0
    batch_files: int = 0
    dead_letters: int = 0

    def __add__(self, other: Forgotten) -> Forgotten:
        return Forgotten(
            self.requests + other.requests,
            self.running + other.running,
            self.contents + other.contents,
            self.kept_answers + other.kept_answers,
            self.objects + other.objects,
            self.batch_files + other.batch_files,
            self.dead_letters + other.dead_letters,
        )


def forget_request(texts: Texts, key: str, at: datetime, *, rehearsal: bool = False) -> Forgotten:
    """Remove the texts of one request, and of its copies if it was duplicated; a repetition removes
    what an earlier try left.

    The mark on the REQUEST row comes last, so that it means that all of it was done.
    """
    rows = texts.rows_of(key)
    copies = _forget_copies(texts, rows.get(DUPLICATE, {}), at, rehearsal)
    request = rows.get("REQUEST")
    if request is not None and request["status"] in OPEN:
        return Forgotten(running=1) + copies
    objects = [it for folder in FOLDERS for it in texts.objects_of(f"{folder}/{folder_of(key)}/")]
    cache_key = (request or {}).get("cache_key")
    is_kept = cache_key is not None and texts.has_kept(cache_key, key)
    stored = [item for item in (CONTENT, ANSWER) if item in rows]
    if not rehearsal:
        texts.delete_objects(objects)
        if cache_key is not None and is_kept:
            texts.delete_kept(cache_key, key)
        for item in stored:
            texts.delete_row(key, item)
        if not _blank(texts, rows, at):
            return Forgotten(running=1) + copies
    return copies + Forgotten(
        requests=int(request is not None),
        contents=int(bool(stored)),
        kept_answers=int(is_kept),
        objects=len(objects),
    )


def _forget_copies(texts: Texts, duplicate: Row, at: datetime, rehearsal: bool) -> Forgotten:
    """Remove the texts of what was sent for a duplicate; what is still in the queue counts as
    running, as long as the duplicate is.
    """
    total = Forgotten()
    for key in duplicate.get("steps", ()):
        found = forget_request(texts, key, at, rehearsal=rehearsal)
        is_on_its_way = found == Forgotten() and "queue" in duplicate
        total += Forgotten(running=1) if is_on_its_way else found
    return total


def forget_tenant(
    texts: Texts, tenant: str, before: str | None, at: datetime, *, rehearsal: bool = False
) -> Forgotten:
    """Remove the texts of a tenant's requests, of those accepted before a time if one is given."""
    total = Forgotten()
    for key in texts.requests_of(tenant, before):
        total += forget_request(texts, key, at, rehearsal=rehearsal)
    if before is None:  # what was uploaded has no time of its own, nor have the groups of a run
        for folder in (uploads_folder(tenant), f"runs/{tenant}/"):
            objects = texts.objects_of(folder)
            if not rehearsal:
                texts.delete_objects(objects)
            total += Forgotten(objects=len(objects))
    return total


def _blank(texts: Texts, rows: Mapping[str, Row], at: datetime) -> bool:
    """Take text out of the rows that stay; return whether the request has not been run again."""
    for item, row in sorted(rows.items()):
        if item.startswith("ATTEMPT#"):
            removed = [name for name in _OF_ATTEMPT if name in row]
        elif item == REVIEW:
            removed = [name for name in _OF_REVIEW if name in row]
        else:
            continue
        if removed:
            texts.change(row, removed, {})
    request = rows.get("REQUEST")
    if request is None:
        return True
    removed = [name for name in _OF_REQUEST if name in request]
    return texts.change(request, removed, {"forgotten_at": iso(at)}, same=("execution_arn",))
