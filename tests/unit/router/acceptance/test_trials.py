from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cost_calculator.rows import Row
from router.acceptance.accept import accept
from router.acceptance.ports import Execution
from router.analyzer import Classification
from router.aws.accept_store import AcceptStore
from tests.fakes.dynamodb import DynamoDB
from tests.support.dependencies import accept_store, dependencies
from tests.support.factories import HAIKU, SONNET, analyzer, classification, config

BOUNDS = {"raise_above": 1, "lower_below": 0}
MANY = 60


@pytest.fixture
def store(dynamodb: DynamoDB) -> AcceptStore:
    return accept_store(dynamodb)


def row_of(
    store: AcceptStore,
    payload: Any,
    routing: dict[str, Any],
    *,
    judged: Classification | None = None,
    other_weights: Any = None,
    **settings: Any,
) -> Row:
    deps = dependencies(
        store,
        classify=lambda _messages: judged or classification(score=0.8),
        other_weights=other_weights or {},
    )
    name = payload.get("request_id", "run-1")
    plan = accept(
        payload, Execution(f"arn:{name}", name), config(routing=BOUNDS | routing, **settings), deps
    )
    tenant = payload.get("tenant", "default")
    key = name if tenant == "default" else f"{tenant}/{name}"
    row = store.rows_of(key)["REQUEST"]
    assert plan["route"] == row["route"]
    return row


def other(label: str, **changes: Any) -> Any:
    """Weights on trial that judge everything alike."""
    found = classification(label, version="calibrated", **changes)
    return SimpleNamespace(threshold=0.4, classify=lambda _messages: found)


def test_the_shadow_decides_beside_the_strategy_in_force_and_changes_nothing(
    store: AcceptStore,
) -> None:
    row = row_of(store, {"input": "hi"}, {"shadow": {"share": 1, "raise_above": 0.6}})

    assert (row["route"], row["planned_model"]) == ("SIMPLE", HAIKU)
    assert row["shadow"] == {
        "by": "heuristic test >0.6 <0",
        "route": "COMPLEX",
        "provider": "bedrock",
        "model": SONNET,
    }


def test_without_a_shadow_the_row_is_as_it_was(store: AcceptStore) -> None:
    assert not {"shadow", "arm", "arm_key"} & row_of(store, {"input": "hi"}, {}).keys()


def test_a_shadow_judges_a_share_of_the_requests_and_always_the_same_ones(
    store: AcceptStore, dynamodb: DynamoDB
) -> None:
    def shadowed(into: AcceptStore) -> set[int]:
        trial = {"shadow": {"share": 0.3, "raise_above": 0.6}}
        asked = ({"input": "hi", "request_id": f"r-{n}"} for n in range(MANY))
        return {n for n, payload in enumerate(asked) if "shadow" in row_of(into, payload, trial)}

    first = shadowed(store)

    assert MANY * 0.1 < len(first) < MANY * 0.5
    assert shadowed(store) == first


@pytest.mark.parametrize(
    ("payload", "settings"),
    [
        ({"input": "hi", "tier": "SIMPLE"}, {}),
        (
            {"input": "a contract"},
            {"tenants": {"*": {"pins": [{"contains": "contract", "tier": "SIMPLE"}]}}},
        ),
    ],
)
def test_where_somebody_else_fixed_the_tier_nothing_is_on_trial(
    store: AcceptStore, payload: Any, settings: dict[str, Any]
) -> None:
    both = {name: {"share": 1, "raise_above": 0.6} for name in ("shadow", "split")}

    assert not {"shadow", "arm"} & row_of(store, payload, both, **settings).keys()


def test_a_shadow_asks_no_llm_and_says_that_it_would(store: AcceptStore) -> None:
    trial = {"shadow": {"share": 1, "strategy": "llm"}}

    row = row_of(store, {"input": "hi"}, trial, analyzer=analyzer("heuristic"))

    assert row["shadow"]["asks"] == 1
    assert row["shadow"]["by"].startswith("llm ")


def test_other_weights_decide_with_their_own_threshold(store: AcceptStore) -> None:
    trial = {"shadow": {"share": 1, "weights": "s3://ours/new"}}

    row = row_of(store, {"input": "hi"}, trial, other_weights={"s3://ours/new": other("SIMPLE")})

    assert row["shadow"]["by"] == "heuristic calibrated >0.4 <0"
    assert row["shadow"]["route"] == "COMPLEX"
    assert row["classifier_version"] == "test"


@pytest.mark.parametrize("trial", ["shadow", "split"])
def test_weights_that_could_not_be_read_leave_no_decision_in_their_name(
    store: AcceptStore, trial: str
) -> None:
    row = row_of(store, {"input": "hi"}, {trial: {"share": 1, "weights": "s3://ours/gone"}})

    assert not {"shadow", "arm"} & row.keys()


def test_what_the_shadow_could_not_serve_is_noted_and_stops_nothing(store: AcceptStore) -> None:
    trial = {"shadow": {"share": 1, "weights": "s3://ours/new"}}
    denied = {"*": {"deny_providers": ["openai", "anthropic"]}}
    alone = {"provider": "openai", "model": "gpt-6-luna", "max_tokens": 4096}
    tiers = {
        "SIMPLE": {"provider": "bedrock", "model": HAIKU, "max_tokens": 10},
        "CALCULATION": alone,
        "COMPLEX": {"provider": "bedrock", "model": SONNET, "max_tokens": 10},
    }

    row = row_of(
        store,
        {"input": "hi"},
        trial,
        other_weights={"s3://ours/new": other("CALCULATION")},
        tenants=denied,
        tiers=tiers,
    )

    assert row["shadow"] == {"by": "heuristic calibrated >0.4 <0", "refused": "PolicyDenied"}


def test_arm_b_is_served_by_the_other_strategy_and_arm_a_by_the_one_in_force(
    store: AcceptStore,
) -> None:
    trial = {"split": {"share": 0.5, "raise_above": 0.6}}

    rows = [row_of(store, {"input": "hi", "request_id": f"r-{n}"}, trial) for n in range(MANY)]

    served = {(row["arm"], row["route"], row["strategy"]) for row in rows}
    assert served == {
        ("A", "SIMPLE", "heuristic test >1 <0"),
        ("B", "COMPLEX", "heuristic test >0.6 <0"),
    }


def test_a_conversation_stays_in_its_arm(store: AcceptStore) -> None:
    trial = {"split": {"share": 0.5, "raise_above": 0.6}}
    for opening in range(8):
        turns: list[dict[str, str]] = []
        arms = set()
        for turn in range(4):
            turns += [{"role": "user", "content": f"opening {opening}, turn {turn}"}]
            payload = {"messages": list(turns), "request_id": f"r-{opening}-{turn}"}
            arms.add(row_of(store, payload, trial)["arm"])
            turns += [{"role": "assistant", "content": "yes"}]
        assert len(arms) == 1


def test_a_session_that_is_named_stays_in_one_arm(store: AcceptStore) -> None:
    trial = {"split": {"share": 0.5, "raise_above": 0.6}}
    rows = [
        row_of(store, {"input": f"turn {n}", "request_id": f"s-{n}", "session_id": "chat"}, trial)
        for n in range(12)
    ]

    assert len({row["arm"] for row in rows}) == 1


def test_the_steps_of_a_workflow_run_stay_in_one_arm(store: AcceptStore) -> None:
    trial = {"split": {"share": 0.5, "raise_above": 0.6}}
    rows = [
        row_of(store, {"input": f"step {n}", "request_id": f"s-{n}", "parent_id": "run"}, trial)
        for n in range(12)
    ]

    assert len({row["arm"] for row in rows}) == 1
    assert len({row["arm_key"] for row in rows}) == 1


def test_the_same_opening_of_two_tenants_is_drawn_twice(store: AcceptStore) -> None:
    trial = {"split": {"share": 0.5, "raise_above": 0.6}}
    asked = {"messages": [{"role": "user", "content": "hello"}]}

    rows = [
        row_of(store, asked | {"tenant": f"t{n}", "request_id": f"r-{n}"}, trial) for n in range(20)
    ]

    assert {row["arm"] for row in rows} == {"A", "B"}


def test_the_shadow_stands_beside_the_strategy_in_force_alone(store: AcceptStore) -> None:
    trial = {
        "split": {"share": 0.5, "raise_above": 0.6},
        "shadow": {"share": 1, "raise_above": 0.7},
    }

    rows = [row_of(store, {"input": "hi", "request_id": f"r-{n}"}, trial) for n in range(MANY)]

    assert {(row["arm"], "shadow" in row) for row in rows} == {("A", True), ("B", False)}


@pytest.mark.parametrize(
    ("trial", "problem"),
    [
        ({"share": 0.5}, "write what differs"),
        ({"share": 2, "raise_above": 0.5}, "from 0 to 1"),
        ({"share": 0.5, "strategy": "coin"}, "must be one of heuristic, llm, hybrid"),
        ({"share": 0.5, "threshold": 0.4}, "unknown `threshold`"),
    ],
)
def test_a_trial_that_makes_no_sense_is_refused_with_what_to_write(
    trial: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        config(routing=BOUNDS | {"shadow": trial})
