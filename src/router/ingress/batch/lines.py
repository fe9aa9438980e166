"""Reads a batch's file, JSONL or CSV, line by line; bad lines are reported and skipped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from router.encoding import clean
from router.errors import InvalidRequest
from router.ingress.batch.csv_records import Records
from router.ingress.batch.layout import InvalidBatch, request_id
from router.intake.request import Request, parse_request
from router.intake.stored_payload import check_inline, check_no_pointer

LONGEST_LINE = 1024 * 1024
"""Bytes; a longer line is a bad line. A line takes 192 KiB of text at most."""

_BLOCK = 1024 * 1024
_COLUMNS = ("id", "input", "system", "tenant", "tier", "max_tokens")
_BOM = b"\xef\xbb\xbf"
_TOO_LONG = f"longer than {LONGEST_LINE} bytes"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be run. ``id`` is the caller's own word for it, handed on to the result."""

    number: int
    id: str | int | None
    payload: dict[str, Any]
    request: Request


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read: bytes, lines, and the header of a CSV file."""

    offset: int = 0
    line: int = 0
    header: tuple[str, ...] | None = None


class Reader:
    """Yields the lines of a file from a place on; ``place`` is the start of the next one.

    ``kind`` is ``jsonl`` or ``csv``. Blank lines are passed over.
    """

    def __init__(
        self, kind: str, batch_id: str, input_bytes_limit: int, place: Place | None = None
    ) -> None:
        self.place = place or Place()
        self._kind = kind
        self._batch_id = batch_id
        self._limit = input_bytes_limit

    def read(self, blocks: Iterable[bytes]) -> Iterator[Line | BadLine]:
        """Yield the lines in ``blocks``, bytes of the file from ``place`` on."""
        records = self._csv(blocks) if self._kind == "csv" else self._jsonl(blocks)
        for number, place, value in records:
            self.place = place
            if isinstance(value, str):
                yield BadLine(number, value)
            elif value is not None:
                yield self._checked(number, value)

    def _jsonl(self, blocks: Iterable[bytes]) -> Iterator[tuple[int, Place, Any]]:
        place = self.place
        for size, raw in raw_lines(blocks):
            place = Place(place.offset + size, place.line + 1)
            text = raw.removeprefix(_BOM) if place.line == 1 else raw
            yield place.line, place, _json(text) if text.strip() else None

    def _csv(self, blocks: Iterable[bytes]) -> Iterator[tuple[int, Place, Any]]:
        place, records = self.place, Records(LONGEST_LINE)
        records.wanted = len(place.header or ())
        for record in records.read(self._lines(blocks)):
            number = place.line + 1
            place = replace(
                place, offset=place.offset + record.size, line=place.line + record.lines
            )
            if record.problem:
                yield number, place, record.problem
            elif place.header is None:
                place = replace(place, header=_checked_header(record.fields))
                records.wanted = len(place.header or ())
                self.place = place
            else:
                yield number, place, _row(place.header, record.fields) if record.fields else None

    def _lines(self, blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        is_first = self.place.line == 0
        for size, raw in raw_lines(blocks):
            yield size, raw.removeprefix(_BOM) if is_first else raw
            is_first = False

    def _checked(self, number: int, given: dict[str, Any]) -> Line | BadLine:
        payload = {name: value for name, value in given.items() if name != "id"}
        own = given.get("id")
        if problem := _problem_of_id(own):
            return BadLine(number, problem)
        if "request_id" in payload:
            return BadLine(number, "leave out `request_id`, which the batch makes; write `id`")
        name = request_id(self._batch_id, number)
        try:
            check_no_pointer(payload, "a line of a batch")
            request = parse_request(payload, execution_name=name, input_bytes_limit=self._limit)
            check_inline({**payload, "request_id": name})
        except InvalidRequest as error:
            return BadLine(number, str(error))
        return Line(number, own, payload, request)


def kind_of(key: str) -> str:
    """Return ``jsonl`` or ``csv`` for a file's name, or raise ``InvalidBatch``."""
    ending = key.rsplit(".", 1)[-1].lower()
    if ending in ("jsonl", "ndjson"):
        return "jsonl"
    if ending == "csv":
        return "csv"
    raise InvalidBatch(f"{key}: name the file .jsonl or .csv")


def raw_lines(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (bytes taken from the file, line with its end); what is over LONGEST_LINE is cut."""
    held, size = b"", 0
    for block in blocks:
        start = 0
        while (end := block.find(b"\n", start)) >= 0:
            piece = block[start : end + 1]
            yield size + len(piece), (held + piece)[: LONGEST_LINE + 1]
            held, size, start = b"", 0, end + 1
        rest = block[start:]
        size += len(rest)
        held = (held + rest)[: LONGEST_LINE + 1]
    if size:
        yield size, held


def blocks_of(source: Any) -> Iterator[bytes]:
    """Yield the blocks of anything with ``read``."""
    while block := source.read(_BLOCK):
        yield block


def _problem_of_id(own: Any) -> str | None:
    """Return why an id cannot be handed on to the result, before anything is paid for."""
    if own is None:
        return None
    if isinstance(own, bool) or not isinstance(own, str | int) or len(str(own)) > 256:
        return "`id` must be a string or a whole number, of 256 characters"
    if clean(str(own)) != str(own):
        return "`id` holds NUL or a lone surrogate: remove it"
    return None


def _json(raw: bytes) -> dict[str, Any] | str:
    if len(raw) > LONGEST_LINE:
        return _TOO_LONG
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return 'not JSON; write {"id": "1", "input": "…"}'
    return value if isinstance(value, dict) else 'not an object; write {"id": "1", "input": "…"}'


def _checked_header(record: list[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in record)
    unknown = [name for name in names if name not in _COLUMNS]
    if unknown or "input" not in names or len(set(names)) < len(names):
        raise InvalidBatch(
            "the first line of a CSV file must name its columns, each once: input, and what you"
            f" need of {', '.join(n for n in _COLUMNS if n != 'input')}"
        )
    return names


def _row(header: tuple[str, ...], record: list[str]) -> dict[str, Any] | str:
    if len(record) != len(header):
        return f"has {len(record)} fields, and the header {len(header)}; quote commas in a text"
    if any("\udc80" <= char <= "\udcff" for field in record for char in field):
        return "not UTF-8"
    row: dict[str, Any] = {n: v for n, v in zip(header, record, strict=True) if v != ""}
    if "max_tokens" in row:
        if not row["max_tokens"].isdecimal():
            return "`max_tokens` must be a whole number"
        row["max_tokens"] = int(row["max_tokens"])
    return row
