"""What a workflow run cost, over HTTP: for its own tenant, and no other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.row_keys import key_of
from tests.fakes.api import Aws, Client, answered

PATH = "/workflows/trip-7"


def step(aws: Aws, name: str, tenant: str = "acme") -> None:
    place = {"parent_id": key_of(tenant, "trip-7"), "workflow": "trips", "step": name}
    aws.rows[key_of(tenant, name)] = answered(name, tenant=tenant, **place)


def get(aws: Aws, **how: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    return Client(aws).call("GET", PATH, **how)


def test_a_run_has_its_steps_and_their_sum_as_soon_as_they_end() -> None:
    aws = Aws()
    step(aws, "plan")
    step(aws, "book")

    status, body, _ = get(aws)

    assert status == 200
    assert (body["workflow_id"], body["workflow"]) == ("trip-7", "trips")
    assert [each["step"] for each in body["steps"]] == ["plan", "book"]
    costs = [Decimal(each["total_usd"]) for each in body["steps"]]
    assert Decimal(body["total"]["total_usd"]) == sum(costs) > 0
    assert body["total"]["pending"] == 0


def test_a_run_of_another_tenant_is_no_run() -> None:
    aws = Aws()
    step(aws, "plan", tenant="other")

    status, body, _ = get(aws)

    assert status == 404
    assert body["error"]["message"] == "no request of yours has this `parent_id`"


def test_an_id_that_cannot_be_one_is_not_found() -> None:
    assert Client(Aws()).call("GET", "/workflows/a.b")[0] == 404


@pytest.mark.parametrize("count", [3, 4])
def test_a_run_of_too_many_steps_is_refused_with_the_command_that_shows_it(count: int) -> None:
    aws = Aws()
    for number in range(count):
        step(aws, f"s-{number}")

    status, body, _ = get(aws)

    assert status == (200 if count == 3 else 400)
    assert count == 3 or "`faregate report --workflow`" in body["error"]["message"]
