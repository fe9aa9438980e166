"""Every scenario under the second interpreter: states, retries, causes, rows.

`tests/local_cloud/test_second_interpreter.py` compares them with what the local cloud does.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workflow.interpreter.runs import Ran
from tests.workflow.interpreter.world import World, world
from tests.workflow.performing import perform
from tests.workflow.scenarios import SCENARIOS, Scenario
from tests.workflow.settings import CONFIG


@pytest.fixture(scope="module")
def aws() -> Iterator[World]:
    with world(CONFIG) as made:
        yield made


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_it_enters_the_states_and_leaves_the_rows_that_it_must(
    scenario: Scenario, aws: World
) -> None:
    ran = perform(aws, scenario)

    assert list(ran.entered) == scenario.path
    assert sorted(state for state, _ in ran.retries) == sorted(scenario.retried)
    _check_end(scenario, ran)
    _check_rows(scenario, ran)


def _check_end(scenario: Scenario, ran: Ran) -> None:
    if scenario.known:
        assert ran.status == "SUCCEEDED"
        return
    assert ran.status == scenario.run_status
    if scenario.run_status == "FAILED":
        assert ran.error == scenario.cause


def _check_rows(scenario: Scenario, ran: Ran) -> None:
    request = ran.rows.get("REQUEST", {})
    attempts = [row for item, row in sorted(ran.rows.items()) if item.startswith("ATTEMPT#")]

    assert request.get("status") == scenario.status
    found = [(it["model"], it["outcome"], it.get("cause"), it["retries"]) for it in attempts]
    assert found == list(scenario.attempts)
    assert [int(it["served"]) for it in attempts] == scenario.serving
    if request.get("execution_arn") == ran.arn and not scenario.known:
        assert request["transitions"] == len(ran.entered) + len(ran.retries)
    if scenario.status == "FAILED" or "cause" in request:
        assert request["cause"] == scenario.cause
