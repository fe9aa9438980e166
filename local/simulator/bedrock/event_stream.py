"""AWS's event stream encoding: one binary message, its checksums included."""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

_STRING = 7  # the type of a header's value


def encode(headers: Mapping[str, str], payload: Mapping[str, Any]) -> bytes:
    """Frame a JSON payload: lengths, their checksum, headers, payload, checksum of all."""
    named = b"".join(_header(name, value) for name, value in headers.items())
    body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "backslashreplace")
    prelude = struct.pack(">II", 16 + len(named) + len(body), len(named))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + named + body
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + bytes([_STRING]) + struct.pack(">H", len(text)) + text
