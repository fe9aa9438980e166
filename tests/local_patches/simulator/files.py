"""Images and PDFs of any size, as small as their formats allow."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any


def png(width: int, height: int, padding: int = 0) -> bytes:
    """A PNG's header; `padding` bytes follow it."""
    header = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + crc + b"\0" * padding


def jpeg(width: int, height: int) -> bytes:
    comment = b"\xff\xfe\x00\x07hello"
    frame = b"\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x11\x00\x00"
    return b"\xff\xd8" + comment + frame + b"\xff\xd9"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0"


def webp(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + size


def pdf(pages: int, *, compressed: bool = False) -> bytes:
    """A PDF with so many page objects, in an object stream if that is asked."""
    objects = b"\n".join(b"<< /Type /Page /Parent 2 0 R >>" for _ in range(pages))
    if compressed:
        packed = zlib.compress(objects)
        objects = b"stream\n" + packed + b"\nendstream"
    return b"%PDF-1.7\n<< /Type /Pages >>\n" + objects + b"\n%%EOF"


def data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def source(kind: str, data: bytes) -> dict[str, str]:
    """A source of Anthropic's blocks."""
    return {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}


def image(data: bytes, kind: str = "png") -> dict[str, Any]:
    """An image block of Converse."""
    return {"image": {"format": kind, "source": {"bytes": data}}}


def document(data: bytes = b"a,b\n1,2\n", name: str = "table", kind: str = "csv") -> dict[str, Any]:
    """A document block of Converse."""
    return {"document": {"format": kind, "name": name, "source": {"bytes": data}}}
