"""Takes lines out of the files of batches: prompts and answers go, numbers and costs stay. Pure.

The uploaded file of a batch with an erased line is deleted whole: its other lines are in the
chunks, and submitting the file again uploads it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cost_calculator.row_keys import DEFAULT_TENANT
from router.encoding import json_object, mapping_of
from router.ingress.batch.layout import folder

_ROOT = "batches/"
_ERASED = {"erased": True}

Record = dict[str, Any]


class Files(Protocol):
    """The answers' bucket; ``replace`` and ``remove`` leave no older version."""

    def folders(self, prefix: str) -> Iterable[str]: ...

    def keys(self, prefix: str) -> Iterable[str]: ...

    def text(self, key: str) -> str | None: ...

    def replace(self, key: str, body: str) -> None: ...

    def remove(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a batch: its number, and the tenant whose request it is."""

    number: int
    tenant: str


def erase_in_batches(
    files: Files, tenant: str, request_id: str | None, *, rehearsal: bool = False
) -> int:
    """Erase a tenant's lines, or that of one request; return how many objects change or go."""
    named = batch_and_line(request_id) if request_id else None
    if request_id and named is None:
        return 0
    ids = [named[0]] if named else [_id_of(name) for name in files.folders(_ROOT)]
    number = named[1] if named else None

    def is_hit(line: Line) -> bool:
        return line.tenant == tenant and number in (None, line.number)

    return sum(_Batch(files, batch_id, rehearsal).erase(is_hit) for batch_id in ids)


def batch_and_line(request_id: str) -> tuple[str, int] | None:
    """Return the batch and the line that a request's id may name."""
    batch_id, _, number = request_id.rpartition("-")
    return (batch_id, int(number)) if batch_id and number.isdecimal() else None


class _Batch:
    """The files of one batch; in a rehearsal they are counted and left as they are."""

    def __init__(self, files: Files, batch_id: str, rehearsal: bool) -> None:
        self._files = files
        self._base = folder(batch_id)
        self._rehearsal = rehearsal

    def erase(self, is_hit: Callable[[Line], bool]) -> int:
        chunks = {key: self._records(key) for key in self._files.keys(f"{self._base}chunks/")}
        hit = {
            line.number
            for records in chunks.values()
            for line in map(_line, records)
            if line and is_hit(line)
        }
        if not hit:
            return 0
        changed = sum(
            self._rewrite(key, records, hit, _without_payload) for key, records in chunks.items()
        )
        for key in self._files.keys(f"{self._base}results/"):
            changed += self._rewrite(key, self._records(key), hit, _without_output)
        return changed + self._remove_input()

    def _records(self, key: str) -> list[Record]:
        lines = (self._files.text(key) or "").splitlines()
        return [record for record in map(json_object, lines) if record]

    def _rewrite(
        self,
        key: str,
        records: list[Record],
        hit: set[int],
        without_text: Callable[[Record], Record],
    ) -> int:
        after = [without_text(each) if each.get("line") in hit else each for each in records]
        if after == records:
            return 0
        if not self._rehearsal:
            body = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in after)
            self._files.replace(key, body)
        return 1

    def _remove_input(self) -> int:
        keys = list(self._files.keys(f"{self._base}input"))
        for key in keys if not self._rehearsal else ():
            self._files.remove(key)
        return len(keys)


def _id_of(name: str) -> str:
    return name.removeprefix(_ROOT).rstrip("/")


def _line(record: Mapping[str, Any]) -> Line | None:
    number = record.get("line")
    tenant = mapping_of(record.get("payload")).get("tenant", DEFAULT_TENANT)
    return Line(number, str(tenant)) if isinstance(number, int) else None


def _without_payload(record: Record) -> Record:
    tenant = mapping_of(record.get("payload")).get("tenant")
    kept = {"tenant": tenant} if tenant else {}
    return {**record, "payload": {**_ERASED, **kept}}


def _without_output(record: Record) -> Record:
    left = {name: value for name, value in record.items() if name not in ("output", "output_s3")}
    return left | (_ERASED if left != record else {})
