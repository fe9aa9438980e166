"""Writes what the models of the price book can do, as LiteLLM's published table has it.

One entry a model name, without geography and version: what a model can do does not depend on where
it is called. What LiteLLM does not say stays as its provider's default (see ``_sampling``).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cost_calculator.book import BOOK_PATH
from router.catalog.capabilities import PATH, bare_name

_ALL = (
    "temperature",
    "top_p",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
)
_REASONING = re.compile(r"o\d|gpt-(?:[5-9]|oss)")


def write_capabilities() -> int:
    """Write the file beside ``router.catalog.capabilities``; return 0."""
    table = _table()
    book = json.loads(BOOK_PATH.read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for row in book["rows"]:
        name = bare_name(row["model"])
        known = _known(row["provider"], row["model"], table)
        if known is not None:
            key = f"{row['provider']}/{name}"
            found[key] = _entry(row["provider"], name, known)
    lines = [
        f"  {json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(found.items())
    ]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(found)} models")
    return 0


def _table() -> dict[str, Any]:
    import litellm

    path = Path(litellm.__file__).with_name("model_prices_and_context_window_backup.json")
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table


def _known(provider: str, model: str, table: dict[str, Any]) -> dict[str, Any] | None:
    for name in (model, bare_name(model), re.sub(r"^(?:global|us|eu|apac|au|jp)\.", "", model)):
        entry: dict[str, Any] | None = table.get(name)
        theirs = str((entry or {}).get("litellm_provider", ""))
        if entry and theirs.startswith(provider):
            return entry
    return None


def _entry(provider: str, name: str, known: dict[str, Any]) -> dict[str, Any]:
    images = bool(known.get("supports_vision"))
    entry = {
        "tools": bool(known.get("supports_function_calling")),
        "forced_tools": bool(known.get("supports_tool_choice"))
        and known.get("supports_forced_tool_use") is not False,
        "images": images,
        "documents": bool(known.get("supports_pdf_input")),
        "schemas": bool(known.get("supports_response_schema")),
        "sampling": sorted(_sampling(provider, name, known)),
        "context": _window(provider, known),
        "output": known.get("max_output_tokens"),
    }
    return {field: value for field, value in entry.items() if value not in (None, False, [])}


def _window(provider: str, known: dict[str, Any]) -> int | None:
    most: int | None = known.get("max_input_tokens")
    if provider == "openai" and most is not None:
        # OpenAI's table has what is left of the window beside the longest answer.
        return most + int(known.get("max_output_tokens") or 0)
    return most


def _sampling(provider: str, name: str, known: dict[str, Any]) -> set[str]:
    reasoning = _REASONING.match(name) is not None
    if provider == "openai":
        return {"reasoning_effort", "seed"} if reasoning else set(_ALL)
    effort = {"reasoning_effort"} if known.get("supports_output_config") else set()
    if known.get("supports_sampling_params") is False:
        return {"stop"} | effort
    return set() if reasoning else {"temperature", "top_p", "stop"} | effort
