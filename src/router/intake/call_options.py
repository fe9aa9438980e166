"""What a caller asks of every model call, whichever model serves. Pure.

The options travel whole: from the request to the plan, the call and the key of the exact cache. An
option that is added here reaches all of them; only the providers' codecs must learn to send it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from router.catalog.capabilities import SAMPLING


@dataclass(frozen=True, slots=True)
class CallOptions:
    """``max_tokens`` is the caller's limit on the answer; ``response_schema`` what it must fit.

    The others are sampling, in OpenAI's words; ``stop`` ends the answer before one of its texts.
    """

    max_tokens: int | None = None
    response_schema: Mapping[str, Any] | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    reasoning_effort: str | None = None
    logit_bias: Mapping[str, float] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CallOptions:
        """Return the options among the fields of a request, or of a ``call``."""
        given = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        for name in ("max_tokens", "seed"):
            # 100.0 is the JSON integer 100.
            if isinstance(given.get(name), float):
                given[name] = int(given[name])
        if (stop := given.get("stop")) is not None:
            given["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return the options that are set."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.stop is not None:
            given["stop"] = list(self.stop)
        return {name: value for name, value in given.items() if value is not None}

    def without(self, names: Collection[str]) -> CallOptions:
        """Return the options without some of them."""
        return replace(self, **dict.fromkeys(names)) if names else self

    @property
    def sampling(self) -> dict[str, Any]:
        """The options that are set and that only some models take."""
        return {name: value for name, value in self.to_json().items() if name in SAMPLING}
