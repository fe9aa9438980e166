"""A scenario under the second interpreter."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.workflow.interpreter import runs
from tests.workflow.interpreter.world import REGION, World
from tests.workflow.scenarios import FITS, Scenario


def perform(world: World, scenario: Scenario) -> runs.Ran:
    """Run a scenario, and what must have been before it."""
    world.empty()
    world.wire.script.clear()
    world.wire.script.add(scenario.scripted)
    for request in scenario.earlier:
        runs.run(world, request)
    name = str(uuid.uuid4())
    arn = f"{world.machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    world.human = _human(world, scenario, name, arn)
    world.wire.meanwhile = lambda _ask: _meanwhile(world, scenario, arn)
    world.functions.faults = {name: list(them) for name, them in scenario.functions.items()}
    world.unusable[:] = scenario.unusable
    world.writes[:] = scenario.writes
    with world.configured(**scenario.settings) if scenario.settings else nullcontext():
        ran = runs.run(world, scenario.input, name)
    faults = [it for them in world.functions.faults.values() for it in them]
    left = [*faults, *world.unusable, *world.writes]
    assert left == [], "faults on order did not come"
    return ran


def _meanwhile(world: World, scenario: Scenario, arn: str) -> None:
    if scenario.meanwhile == "abort":
        world.client("stepfunctions").stop_execution(executionArn=arn)
    elif scenario.meanwhile == "time out":
        world.execution(arn).exec_worker.env.set_timed_out()


def _human(
    world: World, scenario: Scenario, request_id: str, arn: str
) -> Callable[[str, Callable[[], Any]], Any]:
    """Return who answers the review: through the command that reviewers use."""

    def decide(_token: str, wait: Callable[[], Any]) -> Any:
        match scenario.human:
            case "approve" | "reject":
                _review(scenario.human, request_id)
            case "edit":
                with TemporaryDirectory() as folder:
                    text = Path(folder) / "answer.txt"
                    text.write_text(FITS, encoding="utf-8")
                    _review("edit", request_id, str(text))
            case "abort":
                world.client("stepfunctions").stop_execution(executionArn=arn)
                return None
            case _:
                return None  # nobody: its time is over
        return wait()

    return decide


def _review(*arguments: str) -> None:
    command = importlib.import_module("router.__main__").main
    try:
        code = command(["review", *arguments, "--by", "ann", "--region", REGION])
    except SystemExit as refused:  # in a thread it would end the thread alone
        code = refused.code
    assert code == 0, f"review {arguments} failed"
