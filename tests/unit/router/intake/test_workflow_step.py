"""A step of a workflow names its run; the run is its tenant's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from router.errors import InvalidRequest
from router.intake.identity import payload_hash
from router.intake.workflow_step import WorkflowStep
from tests.support.factories import request

STEP = {"input": "hi", "parent_id": "trip-7", "workflow": {"name": "trips", "step": "plan"}}


def test_a_request_without_a_parent_is_no_step() -> None:
    assert request().step is None


def test_a_run_belongs_to_the_tenant_of_its_steps() -> None:
    assert request(STEP | {"tenant": "acme"}).step == WorkflowStep("acme/trip-7", "trips", "plan")
    assert request({"input": "hi", "parent_id": "trip-7"}).step == WorkflowStep("trip-7")


def test_the_most_that_a_run_may_cost_is_the_decimal_that_was_written() -> None:
    step = request(STEP | {"workflow": {"name": "trips", "max_cost_usd": 0.1}}).step

    assert step is not None
    assert step.max_usd == Decimal("0.1")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"workflow": {"name": "trips"}}, "`workflow` needs a `parent_id`"),
        ({"parent_id": "a/b"}, "`parent_id` must match"),
        ({"parent_id": "a", "workflow": {}}, "`workflow` must have `name`"),
        ({"parent_id": "a", "workflow": {"name": "A b"}}, "`workflow.name` must match"),
        (
            {"parent_id": "a", "workflow": {"name": "a", "max_cost_usd": 0}},
            "`workflow.max_cost_usd` must be at least 0.0001",
        ),
        (
            {"parent_id": "a", "workflow": {"name": "a", "max_cost_usd": "1"}},
            "`workflow.max_cost_usd` must be a number, not a string",
        ),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_with_what_to_write(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        request({"input": "hi", **changes})


def test_a_run_goes_on_with_a_higher_limit_and_the_same_steps() -> None:
    more = STEP | {"workflow": {"name": "trips", "step": "plan", "max_cost_usd": 5}}

    assert payload_hash(more) == payload_hash(STEP)


def test_the_same_prompt_in_another_run_is_another_request() -> None:
    assert payload_hash(STEP | {"parent_id": "trip-8"}) != payload_hash(STEP)
