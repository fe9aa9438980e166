"""The weights file: one line of JSON that describes it, then named sections of bytes."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 1
LANE = 18  # bits of each of the three sums packed into one integer
BIAS = 128  # a weight is stored as weight + BIAS, so that lanes never borrow from each other


class InvalidWeights(ValueError):
    """The file is not a weights file of this format, or its bytes were altered."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A weights file in memory: its header and its sections."""

    header: Mapping[str, Any]
    body: bytes

    def section(self, name: str) -> bytes:
        """Return the bytes of a section."""
        offset, length = self.header["sections"][name]
        return self.body[offset : offset + length]

    def floats(self, name: str) -> list[float]:
        """Return a section of 32-bit floats."""
        values = array("f")
        values.frombytes(self.section(name))
        return values.tolist()

    def json(self, name: str) -> Any:
        """Return a section of JSON."""
        return json.loads(self.section(name))

    def table(self, block: str) -> dict[str, int]:
        """Return n-gram -> packed weights: three biased lanes, above them eight times idf²."""
        values = array("Q")
        values.frombytes(self.section(f"{block}.values"))
        return dict(zip(self.section(f"{block}.keys").decode().split("\n"), values, strict=True))


def read_weights(path: Path) -> Weights:
    """Read and check a weights file; raises :class:`InvalidWeights`."""
    return parse(path.read_bytes(), str(path))


def parse(content: bytes, name: str) -> Weights:
    """Check the bytes of a weights file; ``name`` is for the message of :class:`InvalidWeights`."""
    line, _, body = content.partition(b"\n")
    try:
        header = json.loads(line)
        known = header["format"] == FORMAT
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise InvalidWeights(
            f"{name}: not a weights file of format {FORMAT}; make one with 'calibrate'"
        )
    if hashlib.sha256(body).hexdigest() != header["sha256"]:
        raise InvalidWeights(f"{name}: the digest does not match; the file is cut short or altered")
    return Weights(header, body)


def dump(header: Mapping[str, Any], sections: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a weights file; equal input gives equal bytes."""
    places: dict[str, list[int]] = {}
    body = b""
    for name in sorted(sections):
        places[name] = [len(body), len(sections[name])]
        body += sections[name]
    full = {
        **header, "format": FORMAT, "sha256": hashlib.sha256(body).hexdigest(), "sections": places
    }  # fmt: skip
    return json.dumps(full, sort_keys=True, separators=(",", ":")).encode() + b"\n" + body
