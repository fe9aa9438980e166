"""Reads scanned pages, as the workflow `documents` has them read, if their picture shows the digits
below: by its pixels, like a reader who knows no other letters.

`page` draws such a page. Any other page gets a made-up text, as any other question does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from local.simulator.conversation import Document
from local.simulator.model import Ask

_DIGITS = {
    "0": ("###", "#.#", "#.#", "#.#", "###"), "1": (".#.", "##.", ".#.", ".#.", "###"),
    "2": ("###", "..#", "###", "#..", "###"), "3": ("###", "..#", "###", "..#", "###"),
    "4": ("#.#", "#.#", "###", "..#", "..#"), "5": ("###", "#..", "###", "..#", "###"),
    "6": ("###", "#..", "###", "#.#", "###"), "7": ("###", "..#", "..#", "..#", "..#"),
    "8": ("###", "#.#", "###", "#.#", "###"), "9": ("###", "#.#", "###", "..#", "###"),
}  # fmt: skip
_BY_SHAPE: dict[tuple[str, ...], str] = {shape: digit for digit, shape in _DIGITS.items()}
_DOT = 24
"""Pixels of a side: a picture of four digits is as wide as a thumb."""
_FIELD = re.compile(r"page_\d+")
_PART = rb"(?:(?!<<|>>).)*?"
_PICTURE = re.compile(
    rb"<<(" + _PART + rb"/Subtype\s*/Image" + _PART + rb")>>\s*stream\r?\n", re.DOTALL
)
_NUMBER = re.compile(rb"/(Width|Height|BitsPerComponent)\s+(\d+)")


def page(digits: str) -> bytes:
    """Return a PDF of one page that shows these digits in a picture, and has no text."""
    rows = ["", *(".".join(_DIGITS[each][row] for each in digits) for row in range(5)), ""]
    wide = [f".{row or '.' * (4 * len(digits) - 1)}." for row in rows]
    lines = [_packed(row) for row in wide for _ in range(_DOT)]
    width, height = len(wide[0]) * _DOT, len(lines)
    drawn = b"q 300 0 0 %d 150 500 cm /Im0 Do Q" % (300 * height // width)
    about = b"/Type /XObject /Subtype /Image /Width %d /Height %d" % (width, height)
    about += b" /BitsPerComponent 1 /ColorSpace /DeviceGray"
    shown = b"/Contents 4 0 R /Resources << /XObject << /Im0 5 0 R >> >>"
    return _pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] %s >>" % shown,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< %s /Length %d >>\nstream\n%s\nendstream"
        % (about, sum(map(len, lines)), b"".join(lines)),
    )


def read(data: bytes) -> str:
    """The digits that the pictures of a PDF show."""
    return "".join(digit for found in _pictures(data) for digit in _seen(found))


def answer(ask: Ask) -> str | None:
    """The reply as JSON; None if no page is to be transcribed, or none can be read."""
    fields = list((ask.schema or {}).get("properties", ()))
    asked = next((turn for turn in reversed(ask.turns) if turn.media), None)
    if not asked or not fields or not all(map(_FIELD.fullmatch, fields)):
        return None
    texts = [read(each.data) for each in asked.media if isinstance(each, Document)]
    if len(texts) != len(fields) or not any(texts):
        return None
    return json.dumps(dict(zip(fields, texts, strict=True)))


def _packed(row: str) -> bytes:
    """One line of pixels, eight to a byte; white is 1."""
    bits = "".join("01"[dot == "."] * _DOT for dot in row)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _pictures(data: bytes) -> Iterator[list[str]]:
    """The dots of each picture of black and white, line by line."""
    for found in _PICTURE.finditer(data):
        numbers = {name: int(number) for name, number in _NUMBER.findall(found[1])}
        if numbers.get(b"BitsPerComponent") != 1:
            continue
        width, height = (numbers.get(name, 0) for name in (b"Width", b"Height"))
        size = width // 8
        body = data[found.end() : found.end() + size * height]
        if not size or len(body) < size * height:
            continue
        lines = [body[at * size : (at + 1) * size] for at in range(_DOT // 2, height, _DOT)]
        yield [_dots(line, size * 8) for line in lines]


def _dots(line: bytes, width: int) -> str:
    bits = f"{int.from_bytes(line, 'big'):0{width}b}"
    return "".join("#."[int(bit)] for bit in bits[_DOT // 2 :: _DOT])


def _seen(lines: Sequence[str]) -> Iterator[str]:
    if len(lines) != 7:
        return
    for at in range(1, len(lines[0]) - 2, 4):
        shape = tuple(line[at : at + 3] for line in lines[1:6])
        if digit := _BY_SHAPE.get(shape):
            yield digit


def _pdf(*objects: bytes) -> bytes:
    body, places = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    count = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\n"
    return body + head % (count, table, count) + b"startxref\n%d\n%%%%EOF" % len(body)
