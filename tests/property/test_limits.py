"""Whatever comes in whatever order: budgets bound what is spent, buckets what is sent."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_calculator.aws.error_codes import code_of
from cost_calculator.aws.items import to_item
from cost_calculator.settlement import settle
from router.errors import BudgetExceeded, InvalidRequest, RateLimited
from router.guards.rate_limit import Rate, demand_of, rate_key, retry_after, take
from tests.support.cost_rows import PRICED_AT, RATES, attempt, request
from tests.support.desk import Control, desk, new_tables, tenant
from tests.support.factories import AT
from tests.support.tables import CONTROL

_KEPT = st.characters(exclude_characters="\0", exclude_categories=["Cs"])  # the rest is removed
OUTCOMES = ["OK", "TRUNCATED", "REFUSED", "BAD_RESPONSE", "THROTTLED", "UNKNOWN", "REJECTED"]


@st.composite
def ends(draw, row, call):
    """Return the row of one call of the plan, however it may end."""
    sent, most = int(row["input_bytes"]), call["max_tokens"]
    usage = {"inputTokens": draw(st.integers(0, sent)), "outputTokens": draw(st.integers(0, most))}
    if call["provider"] == "openai":
        usage = {"prompt_tokens": sent, "completion_tokens": draw(st.integers(0, most))}
    return attempt(
        row["request_id"],
        provider=call["provider"],
        model=call["model"],
        outcome=draw(st.sampled_from(OUTCOMES)),
        usage=draw(st.sampled_from([None, "{}", json.dumps(usage)])),
        lambda_ms=draw(st.integers(0, 270_000)),
        retries=draw(st.integers(0, 3)),
        max_tokens=most,
        input_bytes=sent,
        budgets=row["budgets"],
        started_at="2026-11-21T10:00:00.000Z",
    )


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_way_in_which_a_request_can_end_costs_more_than_it_reserved(data):
    at = tenant(budget={"day_usd": 10**6})
    text = data.draw(st.text(_KEPT, min_size=1, max_size=300).filter(str.strip))
    tier = data.draw(st.sampled_from(["SIMPLE", "CALCULATION", "COMPLEX"]))

    plan = at.ask(input=text, tier=tier, max_tokens=data.draw(st.integers(1, 9_000)))

    row = at.row()
    calls = plan["plan"]["targets"]
    asked = calls[: data.draw(st.integers(1, len(calls)))]
    rows = [data.draw(ends(row, call)) for call in asked]
    retries = sum(attempt["retries"] for attempt in rows)
    rows.append(
        request(
            attempts=len(asked),
            transitions=6 + 2 * len(asked) + retries,
            analyze_ms=data.draw(st.integers(0, 15_000)),
            budgets=row["budgets"],
            reserved_usd=row["reserved_usd"],
        )
    )
    spent = sum(settle(row, RATES, PRICED_AT)["charge_usd"] for row in rows)
    assert spent <= row["reserved_usd"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_committed_never_passes_a_limit(data):
    at = desk(
        budget={"day_usd": data.draw(st.floats(0.01, 0.5))},
        tenants={
            "a": {"budget": {"day_usd": data.draw(st.floats(0.01, 0.3)), "month_usd": 0.4}},
            "b": {"budget": {"month_usd": data.draw(st.floats(0.01, 0.3))}},
        },
    )
    accepted = 0
    for number in range(data.draw(st.integers(1, 30))):
        who = data.draw(st.sampled_from(["a", "b", "c"]))
        if data.draw(st.booleans()):
            at.pass_time(data.draw(st.integers(1, 3600)))
        try:
            at.ask(f"r-{number}", tenant=who, max_tokens=data.draw(st.integers(1, 8_000)))
            accepted += 1
        except BudgetExceeded:
            pass
    for key, item in at.control.items():
        if key.startswith("budget#"):
            assert item["committed_usd"] <= item["limit_usd"]
    assert len(at.requests()) == accepted
    reserved = sum(row["reserved_usd"] for row in at.requests().values())
    whole = [it for key, it in at.control.items() if key.startswith("budget#*#")]
    assert reserved == sum((it["committed_usd"] for it in whole), Decimal(0))


STEPS = st.lists(
    st.tuples(st.integers(0, 90_000), st.integers(1, 400), st.booleans()), min_size=1, max_size=60
)


@settings(max_examples=100, deadline=None)
@given(
    steps=STEPS, requests=st.integers(1, 20), tokens=st.integers(100, 2_000), stale=st.booleans()
)
def test_the_bucket_gives_what_a_bucket_of_one_minutes_worth_gives(steps, requests, tokens, stale):
    """Beside a plain bucket that is filled by the clock: the same yes and no, whatever was read."""
    rate, at, tables = Rate(requests, tokens), AT, new_tables()
    item, control = {}, Control(tables)
    level = {"requests": Decimal(requests), "tokens": Decimal(tokens)}
    seen = {}
    for pause, amount, reads in steps:
        at += timedelta(milliseconds=pause)
        for name, limit in rate.limits().items():
            filled = level[name] + Decimal(pause) * limit / 60_000
            level[name] = min(Decimal(limit), filled)
        demand = {"requests": 1, "tokens": amount}
        seen = item if reads or not stale else seen
        # By two tries at most, as ``accept`` does it.
        given = any(took(tables, take("acme", rate, demand, known, at)) for known in (seen, item))

        has = all(level[name] >= demand[name] for name in level)
        just = any(abs(level[name] - demand[name]) < Decimal("0.001") for name in level)
        assert given if has and not just else True
        assert not given if not has and not just else True
        if given:
            item = control[rate_key("acme")]
            level = {name: level[name] - demand[name] for name in level}
        else:
            assert retry_after(rate, demand, item, at) > 0 or amount > tokens or just


def took(tables, action):
    """Do the action on its item, where its condition holds."""
    try:
        tables.update_item(
            TableName=CONTROL,
            Key={"key": {"S": action.key}},
            UpdateExpression=action.update,
            ConditionExpression=action.condition,
            ExpressionAttributeValues=to_item(action.values),
        )
    except ClientError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_minute_sends_more_than_the_bucket_and_a_minutes_worth(data):
    requests, tokens = data.draw(st.integers(1, 8)), data.draw(st.integers(600, 3_000))
    at = tenant(rate={"requests": requests, "tokens": tokens})
    sent = []
    for number in range(data.draw(st.integers(1, 40))):
        at.pass_time(data.draw(st.floats(0, 20)))
        most = data.draw(st.integers(1, 3_500))
        try:
            plan = at.ask(f"r-{number}", max_tokens=most)
        except (RateLimited, InvalidRequest):
            continue
        sent.append((at.at, demand_of(31, plan["call"]["max_tokens"])))
    for start, _ in sent:
        within = [d for when, d in sent if start <= when < start + timedelta(minutes=1)]
        assert sum(d["requests"] for d in within) <= 2 * requests
        assert sum(d["tokens"] for d in within) <= 2 * tokens
