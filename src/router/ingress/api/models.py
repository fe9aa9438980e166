"""What the protocols are asked beside conversations: the models, and how long a prompt is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from router.catalog.tokens import estimated_tokens
from router.config.settings import Config
from router.conversation.size import sent_bytes
from router.conversation.tools import read_conversation
from router.ingress.api.errors import ApiError
from router.ingress.api.reading import Event, body_of
from router.ingress.protocols import anthropic_messages

_OWNER = "faregate"
_UNCOUNTED = 1
"""The limit on an answer has no part in the tokens of its prompt."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The names that a request may have for its model, and the models behind them.

    ``prices`` returns the dollars per million tokens of a provider's model, as text.
    """

    config: Config
    prices: Callable[[str, str], Mapping[str, str]]

    def answer(self, event: Event, tenant: str, most_bytes: int) -> dict[str, Any]:
        """Return the answer of a path that is no conversation."""
        method, path = event["httpMethod"], event["resource"]
        if (method, path) == ("POST", "/messages/count_tokens"):
            return _count(body_of(event, most_bytes))
        if (method, path) == ("GET", "/models"):
            return {"object": "list", "data": list(self._models(tenant).values())}
        if method == "GET" and path.startswith("/models/"):
            name = str((event.get("pathParameters") or {}).get("id", ""))
            if (found := self._models(tenant).get(name)) is not None:
                return found
            raise ApiError("NotFound", "`model` has no such name: GET /v1/models lists them")
        raise ApiError("NotFound", "there is no such path: see docs/api.md")

    def _models(self, tenant: str) -> dict[str, dict[str, Any]]:
        rules = self.config.rules_of(tenant)
        names = {"auto": None, **{tier: tier for tier in self.config.tiers}}
        names |= {name: rules.tier_named(name) for name in rules.tier_names if name != "*"}
        return {name: self._model(name, tier) for name, tier in names.items()}

    def _model(self, name: str, tier: str | None) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": name, "object": "model", "created": 0, "owned_by": _OWNER}
        if tier is None:
            return shown
        first = self.config.tiers[tier].primary
        return shown | {
            "tier": tier,
            "model": first.model,
            "provider": first.provider,
            "context_window": first.context_tokens,
            "max_output_tokens": first.max_tokens,
            "usd_per_million_tokens": dict(self.prices(first.provider, first.model)),
        }


def _count(body: Any) -> dict[str, Any]:
    given = {"max_tokens": _UNCOUNTED, **body} if isinstance(body, dict) else body
    asked = read_conversation(anthropic_messages.to_request(given))
    return {"input_tokens": estimated_tokens(sent_bytes(asked))}
