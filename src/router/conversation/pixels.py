"""Reads how large a picture is from its header. Pure."""

from __future__ import annotations

import struct


def pixels_of(content: bytes, media_type: str) -> tuple[int | None, int | None]:
    """Return the width and height of a picture, ``None`` where its header does not show them."""
    try:
        match media_type:
            case "image/png":
                return struct.unpack(">II", content[16:24])
            case "image/gif":
                return struct.unpack("<HH", content[6:10])
            case "image/webp":
                return _of_webp(content)
        return _of_jpeg(content)
    except (struct.error, IndexError):
        return None, None


def _of_webp(content: bytes) -> tuple[int | None, int | None]:
    kind = content[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _of_jpeg(content: bytes) -> tuple[int | None, int | None]:
    at = 2
    while content[at] == 0xFF:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None, None
