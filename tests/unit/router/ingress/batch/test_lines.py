from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.ingress.batch.layout import InvalidBatch
from router.ingress.batch.lines import (
    LONGEST_LINE,
    BadLine,
    Line,
    Place,
    Reader,
    kind_of,
    raw_lines,
)
from tests.support.conversations import png


def read(text: str | bytes, kind: str = "jsonl", block: int = 7) -> list[Line | BadLine]:
    data = text.encode() if isinstance(text, str) else text
    blocks = (data[start : start + block] for start in range(0, len(data), block))
    return list(Reader(kind, "b", 1024).read(blocks))


def told(line: Line | BadLine) -> Any:
    return (line.number, line.reason if isinstance(line, BadLine) else (line.id, line.payload))


def test_a_line_of_jsonl_is_a_request_with_an_id_of_the_callers_own() -> None:
    lines = read('{"id": "a", "input": "hi"}\n\n{"id": 7, "input": "ho", "tier": "SIMPLE"}\n')

    assert list(map(told, lines)) == [
        (1, ("a", {"input": "hi"})),
        (3, (7, {"input": "ho", "tier": "SIMPLE"})),
    ]
    assert [line.request.request_id for line in lines if isinstance(line, Line)] == ["b-1", "b-3"]


def test_a_row_of_csv_is_a_request_and_empty_fields_are_left_out() -> None:
    text = 'id,input,max_tokens\r\n1,"two\r\nlines, and a ""quote""",50\r\n\r\n2,plain,\r\n'

    assert list(map(told, read(text, "csv"))) == [
        (2, ("1", {"input": 'two\r\nlines, and a "quote"', "max_tokens": 50})),
        (5, ("2", {"input": "plain"})),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nope", "not JSON"),
        ("[1]", "not an object"),
        ('{"prompt": "hi"}', "unknown field `prompt`"),
        ('{"id": "a"}', "either `input`"),
        ('{"input": ""}', "must not be empty"),
        ('{"input": "hi", "request_id": "r"}', "leave out `request_id`"),
        ('{"id": {"a": 1}, "input": "hi"}', "`id` must be"),
        ('{"input": "' + "x" * 2000 + '"}', "shorten it"),
        ('{"input": "' + "x" * LONGEST_LINE + '"}', "longer than"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_stops_no_other(line: str, reason: str) -> None:
    first, bad, last = read(f'{{"input": "a"}}\n{line}\n{{"input": "b"}}', block=65536)

    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert reason in bad.reason
    assert isinstance(first, Line)
    assert told(last) == (3, (None, {"input": "b"}))


def test_a_line_that_no_execution_carries_is_a_bad_line_that_says_what_to_do() -> None:
    pointer = '{"payload_s3": "s3://b/uploads/acme/a.json"}'
    # A picture counts by its tokens, and travels by its bytes.
    picture = {"url": f"data:image/png;base64,{base64.b64encode(png() + bytes(200_000)).decode()}"}
    turn = {"role": "user", "content": [{"type": "image_url", "image_url": picture}]}
    text = f"{pointer}\n{json.dumps({'messages': [turn]})}\n"

    stored, large = Reader("jsonl", "b", 100_000).read([text.encode()])

    assert isinstance(stored, BadLine)
    assert isinstance(large, BadLine)
    assert "no place in a line of a batch" in stored.reason
    assert "an execution carries 212992" in large.reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"1,a,b\n", "has 3 fields, and the header 2"),
        (b"1,caf\xe9\n", "not UTF-8"),
        (b'1,"a"b\n', "not CSV"),
    ],
)
def test_a_bad_row_is_told_with_its_number_and_stops_no_other(row: bytes, reason: str) -> None:
    bad, good = read(b"id,input\n" + row + b"2,ok\n", "csv")

    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert reason in bad.reason
    assert told(good) == (3, ("2", {"input": "ok"}))


@pytest.mark.parametrize(
    "row",
    [
        '1,"never closed\n',
        '1,"closed in the next\n',
        '1,"a ""quoted"" word\n',
        '"1,never closed\n',
    ],
)
@pytest.mark.parametrize("following", ["2,plain\n", '2,"two\nlines"\n', '2,"quoted, well"\n'])
def test_an_open_quote_takes_no_neighbour_with_it(row: str, following: str) -> None:
    bad, *good = read(f"id,input\n{row}{following}3,last\n", "csv")

    assert isinstance(bad, BadLine)
    assert (bad.number, "quote" in bad.reason or "not CSV" in bad.reason) == (2, True)
    assert [line.id for line in good if isinstance(line, Line)] == ["2", "3"]


@given(st.lists(st.text('a,"\n\r', max_size=9), max_size=12))
def test_each_line_of_a_csv_file_is_a_prompt_a_bad_line_a_part_of_one_or_blank(
    texts: list[str],
) -> None:
    file = ("id,input\n" + "\n".join(texts)).encode()
    lines = len(list(raw_lines([file])))
    reader = Reader("csv", "b", 1024)
    numbers = [line.number for line in reader.read([file])]

    assert reader.place == Place(len(file), lines, ("id", "input"))
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    "own", [r'"cut\ud83d"', r'"nul\u0000"', "true", "1.5", '"' + "x" * 257 + '"']
)
def test_an_id_that_no_result_can_hold_is_a_bad_line_before_anything_is_paid(own: str) -> None:
    bad, good = read(f'{{"id": {own}, "input": "a"}}\n{{"id": "b", "input": "b"}}', block=65536)

    assert isinstance(bad, BadLine)
    assert bad.reason.startswith("`id`")
    assert isinstance(good, Line)


@pytest.mark.parametrize("header", ["prompt", "input,cost", "id,system", "input,input"])
def test_a_csv_file_whose_columns_are_not_known_is_refused_as_a_whole(header: str) -> None:
    with pytest.raises(InvalidBatch, match="must name its columns"):
        read(f"{header}\n1,2\n", "csv")


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert told(read(b'\xef\xbb\xbf{"input": "a"}')[0]) == (1, (None, {"input": "a"}))
    assert told(read(b"\xef\xbb\xbfinput\na\n", "csv")[0]) == (2, (None, {"input": "a"}))


def test_only_names_of_known_kinds_are_taken() -> None:
    assert (kind_of("a/b.jsonl"), kind_of("b.NDJSON"), kind_of("c.csv")) == (
        "jsonl",
        "jsonl",
        "csv",
    )
    with pytest.raises(InvalidBatch, match="name the file"):
        kind_of("prompts.txt")


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1), st.data())
def test_a_file_read_in_two_goes_from_any_line_is_the_file_read_in_one(
    texts: list[str], data: st.DataObject
) -> None:
    rows = [[str(n), text] for n, text in enumerate(texts)]
    kind = data.draw(st.sampled_from(["jsonl", "csv"]))
    file = _csv(rows) if kind == "csv" else _jsonl(rows)
    whole = list(map(told, read(file, kind)))
    stop = data.draw(st.integers(0, len(whole)))

    reader = Reader(kind, "b", 1024)
    lines = reader.read(_blocks(file, 5))
    first = [told(next(lines)) for _ in range(stop)]
    place = Place(reader.place.offset, reader.place.line, reader.place.header)
    rest = Reader(kind, "b", 1024, place).read(_blocks(file[place.offset :], 3))

    assert first + list(map(told, rest)) == whole


@given(st.binary(), st.integers(1, 9))
def test_no_byte_of_a_file_is_lost_between_blocks(data: bytes, block: int) -> None:
    pieces = list(raw_lines(_blocks(data, block)))

    assert b"".join(raw for _, raw in pieces) == data
    assert sum(size for size, _ in pieces) == len(data)


def _blocks(data: bytes, block: int) -> Iterator[bytes]:
    return (data[start : start + block] for start in range(0, len(data), block))


def _jsonl(rows: list[list[str]]) -> bytes:
    return "".join(json.dumps({"id": n, "input": text}) + "\n" for n, text in rows).encode()


def _csv(rows: list[list[str]]) -> bytes:
    lines = ["id,input"] + [f'{n},"{text.replace(chr(34), chr(34) * 2)}"' for n, text in rows]
    return "\n".join(lines).encode() + b"\n"
