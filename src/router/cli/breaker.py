"""Shows the circuit breakers that have seen a failure, and closes one by hand."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, dynamodb, table_name
from cost_calculator.clock import iso
from router.aws.breaker_store import ControlBreakers
from router.guards.breaker import Breaker, Phase, from_row, model_of


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="each breaker that has seen a failure")
    close = actions.add_parser("close", help="let requests through again, within seconds")
    close.add_argument("model", metavar="PROVIDER/MODEL", help="as `show` names it")
    for action in (show, close):
        add_json_argument(action)
        add_table_arguments(action, ("control",))


def run(arguments: argparse.Namespace) -> int:
    store = ControlBreakers(dynamodb(arguments), table_name(arguments, "control"))
    items = {str(model_of(item["key"])): item for item in store.all()}
    if arguments.action == "close":
        return _close(store, arguments, items)
    found = {model: from_row(item) for model, item in sorted(items.items())}
    if arguments.json:
        print(json.dumps([_as_json(model, state) for model, state in found.items()]))
    else:
        print("\n".join(_as_text(*pair) for pair in found.items()) or "no model has failed yet")
    return 0


def _close(store: ControlBreakers, arguments: argparse.Namespace, items: dict[str, Any]) -> int:
    model: str = arguments.model
    if model not in items:
        known = ", ".join(sorted(items)) or "none"
        raise SystemExit(f"no breaker is called {model}; there are: {known}")
    before = from_row(items[model])
    if not store.save(items[model]["key"], before, Breaker(version=before.version + 1)):
        raise SystemExit("it changed just now: look at it, and try again")
    closed = json.dumps({"model": model, "phase": Phase.CLOSED.value})
    print(closed if arguments.json else f"{model} is closed")
    return 0


def _as_json(model: str, state: Breaker) -> dict[str, Any]:
    waits = {Phase.OPEN: state.open_until_ms, Phase.HALF_OPEN: state.probe_until_ms}
    until = waits.get(state.phase)
    return {
        "model": model,
        "phase": state.phase.value,
        "until": _time(until) if until else None,
        "probe": state.probe or None,
        "calls": state.calls,
        "failures": state.failures,
        "throttles": state.throttles,
        "openings": state.openings,
    }


def _as_text(model: str, state: Breaker) -> str:
    if state.phase is Phase.CLOSED:
        return f"{model}: closed; {state.failures} of {state.calls} calls failed in its last window"
    if state.phase is Phase.OPEN:
        return f"{model}: open until {_time(state.open_until_ms)}, for the {state.openings}. time"
    return f"{model}: half-open; request {state.probe} probes, until {_time(state.probe_until_ms)}"


def _time(milliseconds: int) -> str:
    return iso(datetime.fromtimestamp(milliseconds / 1000, UTC))
