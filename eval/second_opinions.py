"""What an LLM's second opinions reach, and at what cost: on families of sources held out whole.

The judge is scripted: it names the right tier for ``JUDGE`` of the prompts, and one of the two
others for the rest. Moves are those of the product, asking is priced by the price book. Whether a
question is worth its price, which the product also asks itself, is left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cost_calculator.pricing import price
from cost_calculator.tiers import TIERS
from cost_calculator.usage import Tokens
from eval.metrics import COMPLEX, SIMPLE, Ints
from router.catalog.models import Model
from router.catalog.tokens import estimated_tokens
from router.config.tenants import Rules
from router.llm_classifier.question import Opinion, question, sent_bytes
from router.routing.choice import Choice, moves, with_opinion

if TYPE_CHECKING:
    from eval.crossval import HeldOut

JUDGE = 0.85
UNSURE_BELOW = 0.7  # the module's default
SEED = 20261201
REPLY_TOKENS = 10
CLASSIFIER = Model("bedrock", "us.anthropic.claude-haiku-5-5", 24)
PRICED_AT = datetime(2026, 12, 1, tzinfo=UTC)
Mask = NDArray[np.bool_]


def opinions(truth: Ints) -> list[str]:
    """Return the judge's verdicts."""
    random = Random(SEED)
    names = []
    for label in truth.tolist():
        others = [tier for tier in TIERS if tier != TIERS[label]]
        names.append(TIERS[label] if random.random() < JUDGE else random.choice(others))
    return names


def usd(found: HeldOut, asked: Mask) -> float:
    """Return what asking costs."""
    total = 0.0
    for index in np.flatnonzero(asked).tolist():
        row = found.rows[index]
        messages = row.messages or [{"role": "user", "content": row.prompt}]
        sent = estimated_tokens(sent_bytes(question(messages, CLASSIFIER)))
        tokens = Tokens(input=sent, output=REPLY_TOKENS)
        cost = price(tokens, CLASSIFIER.provider, CLASSIFIER.model, PRICED_AT, CLASSIFIER.mode)
        assert cost.usd is not None
        total += float(cost.usd)
    return total


def routed(said: Ints, verdicts: list[str], asked: Mask, situation: Mask) -> Ints:
    """Return the tiers after the opinions."""
    tiers = said.copy()
    for index in np.flatnonzero(asked).tolist():
        choice = Choice(TIERS[said[index]], (), open=True)
        movable = moves(choice, Rules(), TIERS, bool(situation[index]))
        after = with_opinion(choice, Opinion(verdicts[index]), movable)
        tiers[index] = TIERS.index(after.tier)
    return tiers


def figures(found: HeldOut, shares: NDArray[np.float64]) -> dict[str, tuple[float, int]]:
    """Return the figures by their names in the benchmark, each with its rows."""
    y = np.array([r.label for r in found.rows])
    said, sure = shares.argmax(axis=1), shares.max(axis=1) >= UNSURE_BELOW
    described = found.situation & (said == SIMPLE)
    verdicts = opinions(y)
    hard = y == COMPLEX
    nobody = np.zeros(len(y), dtype=bool)
    policies = {
        "nobody is asked": (nobody, nobody),
        "asked in doubt": (~sure, nobody),
        "asked in doubt, of situations": (~sure | described, described),
        "asked always": (~nobody, described),
    }
    table = {"sure to be SIMPLE, describes a situation: is COMPLEX": (
        float(hard[described & sure].mean()), int((described & sure).sum())
    )}  # fmt: skip
    for name, (asked, situation) in policies.items():
        after = routed(said, verdicts, asked, situation)
        if asked.any():
            table[f"{name}: share"] = (float(asked.mean()), len(y))
            table[f"{name}: $ for 1,000 prompts"] = (usd(found, asked) / len(y) * 1000, 0)
        table[f"{name}: accuracy"] = (float(np.mean(after == y)), len(y))
        below = float(np.mean(after[hard] < COMPLEX))
        table[f"{name}: COMPLEX below its tier <"] = (below, int(hard.sum()))
        missed = float(np.mean(after[hard] == SIMPLE))
        table[f"{name}: COMPLEX on SIMPLE's model <"] = (missed, int(hard.sum()))
        raised = float(np.mean(after[~hard] == COMPLEX))
        table[f"{name}: easier called COMPLEX <"] = (raised, int((~hard).sum()))
    return table
