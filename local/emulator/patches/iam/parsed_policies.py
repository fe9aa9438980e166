"""A policy is parsed once, not at each request.

AWS: –
MiniStack 1.5.33: parses each policy of the caller at each request. Nobody changes what was parsed,
so it is kept.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ministack.core import iam_evaluator

from local.emulator.patches.registry import exchanges

_KEPT = 4096


@exchanges(iam_evaluator, "parse_policy_document")
def parsed_by_text(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Keep statements by the text of their policy."""

    @lru_cache(_KEPT)
    def parse_text(document: str) -> Any:
        return original(document)

    def parse(document: Any) -> Any:
        return parse_text(document) if isinstance(document, str) else original(document)

    return parse
