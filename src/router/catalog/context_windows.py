"""How many tokens a model takes: which model may be asked when a prompt was too long for another.

Windows as genai-prices 0.2.3 gives them (2026-11). A model that is not here, an inference profile's
ARN for one, has no known window unless the configuration says so (`context_tokens`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PREFIX = re.compile(r"^(?:(?:us|us-gov|eu|apac|au|jp|ca|global)\.)?(?:anthropic|openai)\.")
_SUFFIX = re.compile(r"(?:-\d{8})?(?:-v\d+(?::\d+)?)?$")

_TOKENS: Mapping[str, int] = {
    "claude-haiku-4-5": 200_000,
    "claude-haiku-5-5": 1_000_000,
    "claude-opus-4-5": 200_000,
    "claude-opus-4-6": 1_000_000,
    "claude-opus-4-8": 1_000_000,
    "claude-opus-5": 1_000_000,
    "claude-opus-5-5": 1_000_000,
    "claude-sonnet-4-5": 200_000,
    "claude-sonnet-4-6": 1_000_000,
    "claude-sonnet-5": 1_000_000,
    "claude-sonnet-5-5": 1_000_000,
    "gpt-5.4": 1_050_000,
    "gpt-5.4-mini": 400_000,
    "gpt-5.4-nano": 400_000,
    "gpt-6-astra": 1_050_000,
    "gpt-6-luna": 1_050_000,
    "gpt-6-sol": 1_050_000,
    "gpt-6.1-sol": 1_050_000,
    "gpt-6.1-terra": 1_050_000,
}
# Bedrock takes less than OpenAI itself for these.
_TOKENS_ON_BEDROCK: Mapping[str, int] = {
    "gpt-6-luna": 1_000_000,
    "gpt-6-sol": 1_000_000,
    "gpt-6.1-sol": 1_000_000,
}


def context_tokens(provider: str, model: str) -> int | None:
    """Return the window of a model in tokens, or ``None`` if it is not known."""
    name = _SUFFIX.sub("", _PREFIX.sub("", model))
    if provider == "bedrock" and name in _TOKENS_ON_BEDROCK:
        return _TOKENS_ON_BEDROCK[name]
    return _TOKENS.get(name)
