"""What each model can do beside text: tools, pictures, documents, sampling, and how much. Pure.

``capabilities.json`` comes from the same published table that the price book is checked against
(``make prices``). A model that is not in it, an inference profile's ARN for one, is taken to be
able to do all; the configuration can say otherwise, see ``with_changes``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("capabilities.json")
SAMPLING = frozenset({
    "temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty",
    "reasoning_effort", "logit_bias",
})  # fmt: skip
"""The options of a call that only some models take, in OpenAI's words."""

_PREFIX = re.compile(r"^(?:(?:us|us-gov|eu|apac|au|jp|ca|global)\.)?(?:anthropic|openai)\.")
_GEOGRAPHY = re.compile(r"^(?:us|us-gov|eu|apac|au|jp|ca|global)\.")
_SUFFIX = re.compile(r"(?:-\d{8})?(?:-v\d+(?::\d+)?)?$")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model takes and gives. ``sampling`` are the options of ``SAMPLING`` that it takes.

    ``context`` and ``output`` are its windows in tokens, ``None`` if they are not known.
    """

    tools: bool = False
    forced_tools: bool = False
    images: bool = False
    documents: bool = False
    schemas: bool = False
    sampling: frozenset[str] = frozenset()
    context: int | None = None
    output: int | None = None

    def with_changes(self, changes: Mapping[str, Any]) -> Capabilities:
        """Return the capabilities as a configuration has them; raise ``ValueError``."""
        if unknown := changes.keys() - set(Capabilities.__slots__):
            raise ValueError(f"no capability is called {', '.join(sorted(unknown))}")
        changed = {name: value for name, value in changes.items() if value is not None}
        if "sampling" in changed:
            changed["sampling"] = frozenset(changed["sampling"])
            if unknown := changed["sampling"] - SAMPLING:
                raise ValueError(f"no sampling option is called {', '.join(sorted(unknown))}")
        return replace(self, **changed)


ALL = Capabilities(True, True, True, True, True, SAMPLING)
"""Those of a model that nothing is known of: its provider refuses what it cannot do."""


def bare_name(model: str) -> str:
    """Return a model's name without geography, maker and version."""
    return _SUFFIX.sub("", _GEOGRAPHY.sub("", _PREFIX.sub("", model)))


def capabilities(provider: str, model: str) -> Capabilities:
    """Return what a model can do."""
    entry = _entries().get(f"{provider}/{bare_name(model)}")
    if entry is None:
        return ALL
    return Capabilities(**{**entry, "sampling": frozenset(entry.get("sampling", ()))})


@lru_cache(maxsize=1)
def _entries() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = json.loads(PATH.read_text(encoding="utf-8"))
    return found
