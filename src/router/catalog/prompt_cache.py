"""Which models keep prompts that are marked, and from how many tokens on. Pure.

Writing to a prompt cache costs a quarter more than reading the tokens afresh, and reading from it a
tenth: it pays from about one reuse in four calls within five minutes. OpenAI caches by itself and
takes no mark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from router.catalog.tokens import BYTES_PER_TOKEN

# The least tokens that are kept, as AWS and Anthropic document them (2026-11); a shorter text is
# silently not cached. If two copies of a page differ, the larger number is used. A model that is
# not listed is not marked.
_LEAST_TOKENS: Mapping[str, int] = {
    "claude-haiku-4-5": 4_096,
    "claude-haiku-5-5": 512,
    "claude-sonnet-4-5": 4_096,
    "claude-sonnet-4-6": 1_024,
    "claude-sonnet-5": 1_024,
    "claude-sonnet-5-5": 512,
}
_PREFIX = re.compile(r"^(?:(?:us|us-gov|eu|apac|au|jp|ca|global)\.)?anthropic\.")
_SUFFIX = re.compile(r"(?:-\d{8})?(?:-v\d+(?::\d+)?)?$")


def least_tokens(model: str) -> int | None:
    """Return from how many tokens on a mark has an effect on a model, ``None`` if it has none."""
    return _LEAST_TOKENS.get(_SUFFIX.sub("", _PREFIX.sub("", model)))


def is_worth_marking(model: str, system: str | None) -> bool:
    """Return whether a mark behind ``system`` has an effect on this model.

    The tokens are estimated from the bytes; if the estimate is too high, the provider does not
    cache the text, and the mark costs nothing.
    """
    least = least_tokens(model)
    if least is None or system is None:
        return False
    return len(system.encode()) >= least * BYTES_PER_TOKEN
