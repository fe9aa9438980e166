"""What a caller asks of every model call, whichever model serves. Pure.

The options travel whole: from the request to the plan, the call and the key of the exact cache. An
option that is added here reaches all of them; only the providers' codecs must learn to send it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class CallOptions:
    """``max_tokens`` is the caller's limit on the answer; ``response_schema`` what it must fit."""

    max_tokens: int | None = None
    response_schema: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CallOptions:
        """Return the options among the fields of a request, or of a ``call``."""
        given = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        # 100.0 is the JSON integer 100.
        if isinstance(given.get("max_tokens"), float):
            given["max_tokens"] = int(given["max_tokens"])
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return the options that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}
