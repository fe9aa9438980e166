"""Draws what a soak does from its seed: the requests, what their providers do, what AWS does.

`hostile.py` has what an attacker does beside them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count as count_from
from typing import Any

from router.ingress.batch.layout import request_id

DOORS = ("execution", "prompts", "chat", "messages", "responses", "websocket", "queue", "batch")
LINES = 4  # of a file; a file is full before its first request is waited for
STREAMS = ("chat", "messages", "responses")
TIERS = ("SIMPLE", "CALCULATION", "COMPLEX", None)
FAULTY = 0.2
REPEATED = 0.02
MODEL_TIMEOUT_SECONDS = 5
_ASKS = ("What is the capital of France?", "What is 17 * 24?", "Prove that 2 is prime.")

# What no provider should say, and whoever reads a body, a row or a history must live with.
_HOSTILE_BODIES: tuple[Any, ...] = (
    [],
    "text",
    {"choices": [None], "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
    {"choices": {"message": []}, "usage": [7], "content": 7, "stop_reason": {}},
    {"output": {"message": {"content": [None]}}, "usage": {"inputTokens": "many"}},
    {"output": {"message": {"content": [{"text": "\ud83d"}]}}, "stopReason": "end_turn"},
    '{"content": [[[]]], "usage": {"input_tokens": 1e400, "inputTokens": NaN}}',
)

# What a provider may do to a call; a count above 1 takes the fallbacks as well.
_PROVIDER_FAULTS: tuple[Mapping[str, Any], ...] = (
    {"status": 429},
    {"status": 429, "count": 2},
    {"status": 429, "count": 8},
    {"status": 503, "count": 3},
    {"status": 503, "count": 8},
    {"status": 500},
    {"status": 500, "count": 2},
    {"status": 400},
    {"status": 401},
    {"status": 403},
    {"status": 404},
    {"fault": "drop"},
    {"fault": "half"},
    {"fault": "html"},
    {"fault": "html", "status": 200},
    {"fault": "empty"},
    {"fault": "no_usage"},
    {"ending": "length"},
    {"ending": "refusal"},
    {"ending": "filter", "count": 2},
    {"ending": "guardrail"},
    {"usage": {"inputTokens": -5, "prompt_tokens": -5}},
    *({"status": 200, "body": body} for body in _HOSTILE_BODIES),
    {"delay_ms": 1500},
    {"delay_ms": 1000 * MODEL_TIMEOUT_SECONDS + 2000},
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, its way in, the rule for its provider, and what AWS does when it has started.

    `disaster` is `abort`, `replay`, `shuffle`, or the name of a function to kill; most have none.
    """

    request_id: str
    prompt: str
    tier: str | None
    repeated: bool
    rule: Mapping[str, Any] | None
    disaster: str | None
    after_ms: int
    door: str = "execution"
    file: str = ""

    @property
    def request(self) -> dict[str, Any]:
        """The request as all ways in take it but the clients' protocols."""
        tier = {"tier": self.tier} if self.tier else {}
        named = {} if self.file else {"request_id": self.request_id}
        return {**named, "input": self.prompt, **tier}


_DISASTERS = (
    *(("abort",) * 4),
    *(("invoke_model",) * 4),
    *(("price_rows",) * 4),
    *(("analyze",) * 2),
    "record_outcome",
    "replay",
    *(("shuffle",) * 2),
)


def asks(count: int, seed: int) -> list[Ask]:
    """Return the requests of a soak; the same seed draws the same ones."""
    draw = random.Random(seed)
    drawn = [_ask(number, seed, draw, DOORS[number % len(DOORS)]) for number in range(count)]
    lines = count_from(0)
    return [_line(ask, seed, next(lines)) if ask.door == "batch" else ask for ask in drawn]


def _line(ask: Ask, seed: int, number: int) -> Ask:
    """Return a request as a line of its file, whose id and place make its own id."""
    file = f"soak-{seed}-file-{number // LINES}"
    return replace(ask, file=file, request_id=request_id(file, number % LINES + 1))


def _ask(number: int, seed: int, draw: random.Random, door: str) -> Ask:
    mark = f"[soak {seed}-{number}]"
    rule = None
    if draw.random() < FAULTY:
        rule = {"match": {"contains": mark}, **draw.choice(_PROVIDER_FAULTS)}
    return Ask(
        request_id=f"soak-{seed}-{number}",
        prompt=f"{mark} {draw.choice(_ASKS)}",
        tier=draw.choice(TIERS),
        repeated=draw.random() < REPEATED,
        rule=rule,
        disaster=draw.choice(_DISASTERS) if number % 10 == 9 else None,
        after_ms=draw.randrange(0, 400),
        door=door,
    )
