"""A client of a protocol names the run that its request is a step of by two headers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InvalidRequest
from router.ingress.protocols.workflow_runs import run_in


@pytest.mark.parametrize(
    ("parent", "workflow", "fields"),
    [
        (None, None, {}),
        (" trip-7 ", None, {"parent_id": "trip-7"}),
        ("trip-7", "trips", {"parent_id": "trip-7", "workflow": {"name": "trips"}}),
        (
            "trip-7",
            "trips; step=plan; max_cost_usd=0.05",
            {
                "parent_id": "trip-7",
                "workflow": {"name": "trips", "step": "plan", "max_cost_usd": 0.05},
            },
        ),
        ("t", "trips;step=a=b;", {"parent_id": "t", "workflow": {"name": "trips", "step": "a=b"}}),
    ],
)
def test_headers_give_the_fields_of_a_request(
    parent: str | None, workflow: str | None, fields: dict[str, Any]
) -> None:
    assert run_in(parent, workflow) == fields


@pytest.mark.parametrize(
    "workflow",
    [
        "trips; max_cost_usd=much",
        "trips; max_cost_usd=nan",
        "trips; max_cost_usd=inf",
        "trips; max_cost_usd=",
        "trips; steps=plan",
        "trips; step=a; step=b",
        "trips; name=other",
        "trips; plan",
    ],
)
def test_a_header_that_cannot_be_read_is_refused_with_how_to_write_it(workflow: str) -> None:
    with pytest.raises(InvalidRequest, match=r"trips; step=plan; max_cost_usd=0\.05"):
        run_in("trip-7", workflow)


@given(st.text(), st.text())
def test_no_header_breaks_the_reader(parent: str, workflow: str) -> None:
    try:
        fields = run_in(parent, workflow)
    except InvalidRequest:
        return
    assert set(fields) == {"parent_id", "workflow"}
