"""Measures what the guards cost ``analyze``: the same requests with guards off and on.

Run by ``make bench``. DynamoDB takes everything at once here, so what is measured is our own work:
parsing, planning, estimating, and rows and updates in DynamoDB's notation. Both sides take turns,
the best of all rounds counts, on the processor's clock; the prompt is classified beforehand, as
that is the same for both. Beside the time it prints the round trips, which a request waits for.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from datetime import UTC, datetime
from typing import Any

from router.acceptance.accept import accept
from router.acceptance.control_memory import Memory
from router.acceptance.ports import Dependencies, Execution
from router.acceptance.request_rows import Analysis
from router.analyzer import load
from router.aws.accept_store import AcceptStore
from router.config.settings import Config
from router.invocation.call import Provider

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
PROMPT = "What is the capital of France?"
HAIKU, SONNET = "us.anthropic.claude-haiku-5-5", "us.anthropic.claude-sonnet-5-5"
GUARDS = {
    "budget": {"day_usd": 10**6, "month_usd": 10**7},
    "tenants": {
        "*": {
            "budget": {"day_usd": 10**6, "month_usd": 10**7},
            "rate": {"requests": 10**8, "tokens": 10**12},
        }
    },
    "breaker": {},
}
# The most that all guards may cost an analysis, as a multiple of its own work without them.
_GATE = 3.0


class Willing:
    """A DynamoDB client that finds the budgets half used and takes whatever is written."""

    def __init__(self) -> None:
        self.calls = 0

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        [(table, asked)] = RequestItems.items()
        half = {"committed_usd": {"N": "500000.25"}, "reserved_usd": {"N": "1.5"}}
        kept = [key for key in asked["Keys"] if key["key"]["S"].startswith("budget#")]
        return {"Responses": {table: [key | half for key in kept]}}

    def transact_write_items(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        return {}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000, help="of a round (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="of which the best counts")
    arguments = parser.parse_args()
    sides = {"off": settings({}), "on": settings(GUARDS)}
    best: dict[str, float] = {}
    trips: dict[str, float] = {}
    for _ in range(arguments.rounds):
        for name, config in sides.items():
            micros, calls = measure(config, arguments.requests)
            best[name] = min(micros, best.get(name, micros))
            trips[name] = calls
    for name in sides:
        print(f"guards {name:3}  {best[name]:7.1f} µs a request  {trips[name]:.3f} round trips")
    ratio = best["on"] / best["off"]
    print(f"guards on / off  {ratio:.2f} (gate {_GATE:g}), {best['on'] - best['off']:.1f} µs more")
    return 0 if ratio <= _GATE and trips["on"] <= 2 else 1


def settings(guards: dict[str, Any]) -> Config:
    """Return a deployment of two models, with guards or without."""
    tier = {
        "provider": "bedrock", "model": HAIKU, "max_tokens": 2048,
        "fallbacks": [{"provider": "bedrock", "model": SONNET, "max_tokens": 4096}],
    }  # fmt: skip
    data = {
        "tiers": dict.fromkeys(("SIMPLE", "CALCULATION", "COMPLEX"), tier),
        "routing": {"raise_above": 0.9, "lower_below": 0.05},
        "limits": {"input_bytes": 131072},
        "store_text": True, "text_ttl_days": 30,
        "workflow_type": "STANDARD", "workflow_seconds": 900,
        **guards,
    }  # fmt: skip
    return Config.from_json(json.dumps(data))


def measure(config: Config, requests: int) -> tuple[float, float]:
    """Return microseconds and round trips of a request, over so many of them in one process."""
    client: Any = Willing()
    judged = load().classify(({"role": "user", "content": PROMPT},))
    deps = Dependencies(
        store=AcceptStore(client, "usage", "control"),
        memory=Memory(),
        classify=lambda _messages: judged,
        llm=_nobody,
        stopwatch=lambda: Analysis(25, 512),
        clock=lambda: AT,
        region="us-east-1",
        meter=lambda *_: None,
        stored=lambda _address: None,
    )
    names = [f"r-{number}" for number in range(requests)]
    asked = [
        ({"input": PROMPT, "tenant": "acme", "request_id": name}, Execution(f"arn:{name}", name))
        for name in names
    ]
    gc.collect()
    gc.disable()
    started = time.process_time()
    for payload, run in asked:
        accept(payload, run, config, deps)
    seconds = time.process_time() - started
    gc.enable()
    return seconds * 1e6 / requests, client.calls / requests


def _nobody() -> Provider:
    raise AssertionError("the heuristic decides alone here")


if __name__ == "__main__":
    raise SystemExit(main())
