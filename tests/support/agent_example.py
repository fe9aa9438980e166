"""The worked example of the workflow ``agent``: its input, its tool, what its models reply."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INPUT: Mapping[str, Any] = json.loads(
    (ROOT / "docs" / "workflows" / "agent.example.json").read_text(encoding="utf-8")
)
REPLIES: list[dict[str, Any]] = json.loads(
    (ROOT / "local" / "agent_replies.json").read_text(encoding="utf-8")
)
PLANNER, SQL_WRITER, WEIGHTING, SYNTHESISER, FORMATTER = (
    rule["match"]["contains"] for rule in REPLIES
)


def run_sql() -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """Return the handler of the example's tool."""
    spec = importlib.util.spec_from_file_location("run_sql", ROOT / "examples/agent/run_sql.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[dict[str, Any], object], dict[str, Any]] = module.handler
    return handler


def replies(**instead: str | Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rules of the example; by a part's name, other texts or actions go before."""
    parts = {
        "planner": PLANNER,
        "sql_writer": SQL_WRITER,
        "weighting": WEIGHTING,
        "synthesiser": SYNTHESISER,
        "formatter": FORMATTER,
    }
    first = [
        {
            "match": {"contains": parts[name]},
            "count": None,
            **({"text": given} if isinstance(given, str) else given),
        }
        for name, given in instead.items()
    ]
    return [*first, *REPLIES]
