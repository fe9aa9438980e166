"""Splits a batch's file into chunks, a round at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from router.ingress.batch.layout import (
    CHUNK_LINES,
    CHUNKS_A_ROUND,
    bad_lines_key,
    checked_id,
    chunk_key,
    round_key,
)
from router.ingress.batch.lines import BadLine, Line, Place, Reader, kind_of


class Files(Protocol):
    """The bucket."""

    def blocks(self, key: str, offset: int) -> Iterator[bytes]: ...

    def put(self, key: str, body: str) -> None: ...


def split(
    batch: Mapping[str, Any],
    files: Files,
    *,
    input_bytes_limit: int,
    has_time: Callable[[], bool],
    chunks_a_round: int = CHUNKS_A_ROUND,
) -> dict[str, Any]:
    """Write the chunks of the next round; return the batch's state with ``next``, the place to
    continue.

    ``batch`` is ``{"batch_id", "key"}``, later the state that this function returned. A round ends
    with the file, with what one Map Run takes, or when ``has_time`` says no; ``next`` is ``None``
    after the last. Raise ``InvalidBatch`` if there is nothing to run.
    """
    batch_id, key = checked_id(batch.get("batch_id")), str(batch.get("key"))
    went = batch.get("next") or {}
    number, first = int(batch.get("round", 0)) + 1, int(batch.get("chunks", 0))
    place = Place(
        went.get("offset", 0), went.get("line", 0), tuple(went.get("header") or ()) or None
    )
    reader = Reader(kind_of(key), batch_id, input_bytes_limit, place)
    chunks, lines, bad = first, int(batch.get("lines", 0)), 0
    wrote_bad: list[str] = []
    held: list[str] = []
    ended = True

    def flush() -> None:
        nonlocal chunks
        if held:
            chunks += 1
            files.put(chunk_key(batch_id, chunks), "\n".join(held) + "\n")
            held.clear()

    for line in reader.read(files.blocks(key, place.offset)):
        if isinstance(line, BadLine):
            bad += 1
            wrote_bad.append(json.dumps({"line": line.number, "reason": line.reason}))
        else:
            lines += 1
            held.append(_item(line))
            if len(held) == CHUNK_LINES:
                flush()
                if chunks - first >= chunks_a_round or not has_time():
                    ended = False
                    break
    flush()
    if wrote_bad:
        files.put(bad_lines_key(batch_id, number), "\n".join(wrote_bad) + "\n")
    listed = [json.dumps({"chunk": chunk}) for chunk in range(first + 1, chunks + 1)]
    files.put(round_key(batch_id, number), "\n".join(listed) + "\n")
    stopped = reader.place
    return {
        "batch_id": batch_id,
        "key": key,
        "round": number,
        "round_key": round_key(batch_id, number),
        "round_chunks": chunks - first,
        "chunks": chunks,
        "lines": lines,
        "bad_lines": int(batch.get("bad_lines", 0)) + bad,
        "next": None
        if ended
        else {"offset": stopped.offset, "line": stopped.line, "header": stopped.header},
    }


def _item(line: Line) -> str:
    known = {} if line.id is None else {"id": line.id}
    return json.dumps({"line": line.number, **known, "payload": line.payload})
