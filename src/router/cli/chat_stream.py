"""One turn of a chat with the HTTP API: its answer as it is written, then model, tier and cost."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Longer than the API takes for any answer.
_SILENT_SECONDS = 960
_COST = ": x-faregate-cost-usd: "
_MODEL = ": x-faregate-model: "


# Statuses before any model was asked; see the errors in docs/api.md.
_NOTHING_WAS_PAID = {401, 402, 403, 404, 409, 413, 429}


class TurnFailed(Exception):
    """A turn without a whole answer; the message has the reason.

    ``cost_usd`` is ``None`` if the cost is not known: a model may have been paid.
    """

    def __init__(self, reason: str, cost_usd: Decimal | None = None) -> None:
        super().__init__(reason)
        self.cost_usd = cost_usd


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer as a whole; ``cost_usd`` is ``None`` if the cost is not known."""

    text: str
    model: str
    tier: str
    request_id: str
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Api:
    """Where the API is, the key that it takes, and the model that is asked for."""

    url: str
    key: str
    model: str = "auto"

    def ask(self, messages: Sequence[Mapping[str, str]]) -> Generator[str, None, Turn]:
        """Yield the answer in its pieces and return the turn, or raise ``TurnFailed``."""
        try:
            with urllib.request.urlopen(self._request(messages), timeout=_SILENT_SECONDS) as answer:
                return (yield from read_turn(_lines(answer), answer.headers))
        except urllib.error.HTTPError as error:
            raise _refused(error.code, error.read()) from None
        except urllib.error.URLError as error:
            raise TurnFailed(f"{self.url} does not answer: {error.reason}", Decimal(0)) from None
        except (OSError, http.client.HTTPException) as error:
            broken = f"the connection broke: {type(error).__name__}; the request itself goes on"
            raise TurnFailed(broken) from None

    def _request(self, messages: Sequence[Mapping[str, str]]) -> urllib.request.Request:
        body = {"model": self.model, "stream": True, "messages": list(messages)}
        return urllib.request.Request(
            f"{self.url.rstrip('/')}/chat/completions",
            json.dumps(body).encode(),
            {"authorization": f"Bearer {self.key}", "content-type": "application/json"},
        )


def read_turn(lines: Iterator[str], headers: Mapping[str, str]) -> Generator[str, None, Turn]:
    """Yield the texts of a stream of ``chat.completion.chunk`` events and return the turn."""
    pieces: list[str] = []
    model, cost, finish = headers.get("x-faregate-model") or "?", None, None
    for line in lines:
        if line.startswith(_COST):
            cost = Decimal(line.removeprefix(_COST))
        elif line.startswith(_MODEL):
            model = line.removeprefix(_MODEL)
        elif line.startswith("data: {"):
            event = json.loads(line.removeprefix("data: "))
            if "error" in event:
                raise TurnFailed(_reason(line.removeprefix("data: ").encode(), "the model failed"))
            for choice in event["choices"]:
                finish = choice["finish_reason"] or finish
                if text := choice["delta"].get("content"):
                    pieces.append(text)
                    yield text
    if finish is None:
        raise TurnFailed("the stream broke off: what came so far is not the whole answer")
    if finish == "content_filter":
        raise TurnFailed("Refused: the model, or a filter, withheld the answer", cost)
    return Turn(
        "".join(pieces),
        model,
        headers.get("x-faregate-tier") or "?",
        headers.get("x-faregate-request-id") or "?",
        cost,
    )


def _lines(answer: Any) -> Iterator[str]:
    for line in answer:
        yield line.decode("utf-8").rstrip("\r\n")


def _refused(status: int, body: bytes) -> TurnFailed:
    reason = _reason(body, f"HTTP {status}")
    is_free = status in _NOTHING_WAS_PAID or reason.startswith("InvalidRequest:")
    return TurnFailed(reason, Decimal(0) if is_free else None)


def _reason(body: bytes, otherwise: str) -> str:
    try:
        error = json.loads(body)["error"]
        return f"{error['type']}: {error['message']}"
    except (ValueError, KeyError, TypeError):
        return otherwise
