"""What a function that streams returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamedResponse:
    """An HTTP response whose body is sent as it is made.

    Nothing is sent before ``body`` has given its first bytes: until then an exception is an error
    of the function, and the gateway answers. Afterwards the response can only be cut off.
    ``beat`` is sent while the body is silent, from its first bytes on; it must fit between any two.
    """

    status: int
    headers: Mapping[str, str]
    body: Iterable[bytes]
    beat: bytes = b""

    @classmethod
    def whole(cls, status: int, headers: Mapping[str, str], body: bytes) -> StreamedResponse:
        """Return a response whose body is known already."""
        return cls(status, headers, (body,))
