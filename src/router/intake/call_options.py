"""What a caller asks of every model call, whichever model serves. Pure.

The options travel whole: from the request to the plan, the call and the key of the exact cache. An
option that is added here reaches all of them; only the providers' codecs must learn to send it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
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
    # The options that are set and that only some models take: asked for again and again.
    sampling: Mapping[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sampling", self._given(_SAMPLED))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CallOptions:
        """Return the options among the fields of a request, or of a ``call``."""
        if _KNOWN.isdisjoint(data):
            return _NOTHING
        given = {name: data[name] for name in _NAMES if name in data}
        for name in ("max_tokens", "seed"):
            # 100.0 is the JSON integer 100.
            if isinstance(given.get(name), float):
                given[name] = int(given[name])
        if (stop := given.get("stop")) is not None:
            given["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        """Return the options that are set."""
        return self._given(_NAMES)

    def without(self, names: Collection[str]) -> CallOptions:
        """Return the options without some of them."""
        changes: dict[str, Any] = dict.fromkeys(names)
        return replace(self, **changes) if names else self

    def _given(self, names: tuple[str, ...]) -> dict[str, Any]:
        values = ((name, getattr(self, name)) for name in names)
        given = {name: value for name, value in values if value is not None}
        return given | {"stop": list(given["stop"])} if "stop" in given else given


_NAMES = tuple(each.name for each in fields(CallOptions) if each.init)
_KNOWN = frozenset(_NAMES)
_SAMPLED = tuple(name for name in _NAMES if name in SAMPLING)
_NOTHING = CallOptions()
