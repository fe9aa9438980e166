"""Computes what 1,000 runs of each workflow cost: `docs/workflows/*.md`, "What 1,000 runs cost".

States are counted by the functions that the workflows count them with; tokens are assumptions, said
in the text around each table; prices are the book's and AWS's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from cost_calculator.overhead import aws_prices
from cost_calculator.pricing import price
from cost_calculator.usage import Tokens
from router.cli.breakeven import DEFAULT_TIERS
from router.workflows.documents import outcome as documents
from router.workflows.documents.reading_progress import Progress
from router.workflows.rag import outcome as rag
from router.workflows.variants import outcome as variants
from router.workflows.variants import sets
from router.workflows.variants.judge import ORDERS

ROUTER_STATES = 3
"""An answered request enters them."""

_RUNS = 1_000
_AT, _REGION = datetime(2026, 11, 21, tzinfo=UTC), "us-east-1"
_SIMPLE, _CALCULATION, _COMPLEX = (
    (DEFAULT_TIERS[tier].provider, DEFAULT_TIERS[tier].model)
    for tier in ("SIMPLE", "CALCULATION", "COMPLEX")
)
_TITAN = ("bedrock", "amazon.titan-embed-text-v2:0")
_ANSWERED = {"status": "SUCCEEDED"}

AGENT = {
    "plan (Sonnet 5.5)": (_COMPLEX, 590, 179),
    "two prompts (GPT-6 luna)": (_CALCULATION, 404, 189),
    "synthesis (Sonnet 5.5)": (_COMPLEX, 772, 110),
    "format (Haiku 5.5)": (_SIMPLE, 247, 58),
}
"""The tokens of the worked example, as its scripted models are asked and reply."""

AGENT_STATES = 29
AGENT_REQUESTS = 5
"""What the worked example enters itself, and asks of the router."""


def variants_table() -> str:
    lines = [
        "| variants | states | Step Functions | variants | judge | together |",
        "|---|---|---|---|---|---|",
    ]
    for count in (2, 5, 20, 50):
        states, judge = _variants_states(count), _judging_usd(count)
        answers = count * _usd(_SIMPLE, 60, 200)
        lines.append(_line(count, states, [_states_usd(states), answers, judge]))
    groups, size = 20, 50
    final = sets.set_transitions([_ANSWERED] * groups, [_ANSWERED] * ORDERS)
    states = groups * _variants_states(size) + final + ROUTER_STATES * ORDERS
    judge = groups * _judging_usd(size) + _judging_usd(groups)
    answers = groups * size * _usd(_SIMPLE, 60, 200)
    lines.append(_line("1,000, from a file", states, [_states_usd(states), answers, judge]))
    return _text(lines)


def _variants_states(count: int) -> int:
    own = variants.transitions([_ANSWERED] * count, [_ANSWERED] * ORDERS)
    return own + ROUTER_STATES * (count + ORDERS)


def _judging_usd(count: int) -> Decimal:
    return ORDERS * _usd(_COMPLEX, 300 + 200 * count, 10 + 12 * count)


def rag_table() -> str:
    lines = [
        "| question on | states | Step Functions | embeddings | question | together |",
        "|---|---|---|---|---|---|",
    ]
    found = [{"retriever": name, "chunks": 8} for name in ("keywords", "vectors")]
    states = rag.transitions(found, was_asked=True, failed=False) + ROUTER_STATES
    for name, model in (("SIMPLE (Haiku 5.5)", _SIMPLE), ("COMPLEX (Sonnet 5.5)", _COMPLEX)):
        costs = [_states_usd(states), _usd(_TITAN, 15, 0), _usd(model, 3_300, 150)]
        lines.append(_line(name, states, costs))
    return _text(lines)


def documents_table() -> str:
    lines = [
        "| | states | Step Functions | embeddings | model | together |",
        "|---|---|---|---|---|---|",
    ]
    plain = documents.transitions(asked=False, failed=False, notifies=False)
    read = documents.transitions(asked=True, failed=False, notifies=False) + ROUTER_STATES
    vectors, model = _usd(_TITAN, 2_500, 0), _usd(_SIMPLE, 2_500, 200)
    lines.append(_line("chunks alone", plain, [_states_usd(plain), None, None]))
    lines.append(_line("and vectors", plain, [_states_usd(plain), vectors, None]))
    analysed = "and an analysis on SIMPLE (Haiku 5.5), 200 tokens"
    lines.append(_line(analysed, read, [_states_usd(read), vectors, model]))
    # One round with one request, and the choice that there is nothing more to read.
    entered = Progress().asking(["pages"]).after([_ANSWERED]).transitions + 1
    scanned = plain + entered + ROUTER_STATES
    pages = _usd(_SIMPLE, 250 + 4 * 2_300, 2_600)
    costs = [_states_usd(scanned), vectors, pages]
    lines.append(_line("chunks and vectors of four scanned pages, read on SIMPLE", scanned, costs))
    return _text(lines)


def agent_table() -> str:
    lines = ["| part | tokens in | tokens out | 1,000 runs |", "|---|---|---|---|"]
    total = Decimal(0)
    for part, (model, sent, received) in AGENT.items():
        usd = _usd(model, sent, received)
        total += usd
        lines.append(f"| {part} | {sent:,} | {received:,} | {_dollars(usd)} |")
    states = AGENT_STATES + ROUTER_STATES * AGENT_REQUESTS
    total += _states_usd(states)
    all_sent = sum(sent for _, sent, _ in AGENT.values())
    all_received = sum(received for _, _, received in AGENT.values())
    lines += [
        f"| states of the run and its children, {states} | | | {_dollars(_states_usd(states))} |",
        f"| together | {all_sent:,} | {all_received:,} | {_dollars(total)} |",
    ]
    return _text(lines)


def _line(name: object, states: int, costs: Sequence[Decimal | None]) -> str:
    total = sum(filter(None, costs), Decimal(0))
    cells = ["–" if usd is None else _dollars(usd) for usd in [*costs, total]]
    return f"| {name} | {states} | {' | '.join(cells)} |"


def _usd(model: tuple[str, str], sent: int, received: int) -> Decimal:
    cost = price(Tokens(input=sent, output=received), *model, _AT, region=_REGION)
    assert cost.usd is not None, cost.reason
    return cost.usd * _RUNS


def _states_usd(states: int) -> Decimal:
    return states * aws_prices()["states_standard_transition"] * _RUNS


def _dollars(usd: Decimal) -> str:
    return f"${usd:,.2f}" if usd >= Decimal("0.005") else f"${usd:.4f}"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


TABLES = {
    "variants-runs": variants_table,
    "agent-runs": agent_table,
    "rag-runs": rag_table,
    "documents-runs": documents_table,
}
