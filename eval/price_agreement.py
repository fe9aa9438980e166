"""Compares our prices with LiteLLM's calculator, model by model; the book must explain each gap.

Run by ``make bench``, with the ``bench`` extra installed. LiteLLM counts in binary fractions, so
"the same" is within one part in a billion.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from cost_calculator.book import BOOK_PATH, default_book
from cost_calculator.pricing import price
from cost_calculator.usage import TOKEN_CLASSES, Tokens

USAGES_PER_MODEL = 25
_NEAR = Decimal("1E-9")


def main() -> int:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    book = json.loads(BOOK_PATH.read_text(encoding="utf-8"))
    now, chance = datetime.now(UTC), random.Random(2)
    verdicts: Counter[str] = Counter()
    for row in book["rows"]:
        if row["mode"] != "standard" or row["model"] not in litellm.model_cost:
            continue
        if row["version"] != current_version(row, now):
            continue
        for _ in range(USAGES_PER_MODEL):
            tokens = usage_for(row, chance)
            ours = price(tokens, row["provider"], row["model"], now, region="us-east-1").usd
            assert ours is not None
            theirs = Decimal(repr(litellm_cost(litellm, row, tokens)))
            if abs(ours - theirs) <= _NEAR * max(ours, theirs):
                verdicts["agree"] += 1
            elif reason(book, row):
                verdicts["explained by the book"] += 1
            else:
                verdicts["UNEXPLAINED"] += 1
                print(f"{row['version']} {tokens}: ours {ours}, LiteLLM {theirs}")
    print(", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()))
    return 1 if verdicts["UNEXPLAINED"] else 0


def current_version(row: dict[str, Any], now: datetime) -> str:
    """Return the version that prices the row's model now."""
    return default_book().find(row["provider"], row["model"], now, region="us-east-1").version


def usage_for(row: dict[str, Any], chance: random.Random) -> Tokens:
    """Return random tokens in the classes that the row prices, on either side of its tiers."""
    most = chance.choice([1_000, 60_000, 200_000])
    priced = row["usd_per_mtok"]
    return Tokens(**{name: chance.randrange(most) for name in TOKEN_CLASSES if name in priced})


def litellm_cost(litellm: Any, row: dict[str, Any], tokens: Tokens) -> float:
    """Return LiteLLM's cost of the same tokens, in the providers' own format."""
    from litellm.types.utils import (
        CacheCreationTokenDetails,
        PromptTokensDetailsWrapper,
        Usage,
    )

    written = tokens.cache_write_5m + tokens.cache_write_1h
    details = PromptTokensDetailsWrapper(
        cached_tokens=tokens.cache_read,
        cache_creation_tokens=written,
        cache_creation_token_details=CacheCreationTokenDetails(
            ephemeral_5m_input_tokens=tokens.cache_write_5m,
            ephemeral_1h_input_tokens=tokens.cache_write_1h,
        ),
    )
    usage = Usage(
        prompt_tokens=tokens.total_input,
        completion_tokens=tokens.output,
        total_tokens=tokens.total_input + tokens.output,
        prompt_tokens_details=details,
        cache_creation_input_tokens=written,
        cache_read_input_tokens=tokens.cache_read,
    )
    parts = litellm.cost_per_token(
        model=row["model"],
        custom_llm_provider=litellm.model_cost[row["model"]]["litellm_provider"],
        usage_object=usage,
    )
    return float(sum(parts))


def reason(book: dict[str, Any], row: dict[str, Any]) -> str | None:
    """Return why the book differs from LiteLLM about this row."""
    name = f"{row['provider']}/{row['model']}/{row['mode']}"
    for resolution in book["resolutions"]:
        about = resolution.get("about", "does not list")
        matches = any(fnmatchcase(name, pattern) for pattern in resolution["models"])
        if matches and "does not list" not in about:
            return str(resolution["reason"])
    return None


if __name__ == "__main__":
    raise SystemExit(main())
