"""A run in one process leaves the rows that the workflow would, and asks whom it would."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.rows import Row, shard_of
from router import errors
from router.aws.usage_table import UsageStore
from router.errors import CallError
from router.executions.names import direct_run
from router.invocation.attempt import Attempt
from router.invocation.call import Answer, ModelCall
from router.invocation.invoke import invoke
from router.providers.call_json import call_to_json
from router.recovery.abandoned import Swept, close_abandoned
from router.routing.run_plan import RunPlan, Target
from router.runner.direct import Ending, Ports, carry
from tests.fakes.dynamodb import DynamoDB
from tests.support.factories import AT, HAIKU, SONNET, accepted, asking
from tests.support.runs import KEY, USAGE, run_plan
from tests.support.tables import USAGE as TABLE
from tests.unit.router.recovery.test_close import NO_RUNS

RUN = direct_run("i-1")
PARIS = Answer("Paris.", False, USAGE, "m-2026")
THROTTLED = errors.Throttled("429")
BROKEN = errors.ModelError("500")
EVERYTHING = ("throttled", "timeout", "too_long", "refused", "error")
WRITE = "TransactWriteItems"


def spare(model: str = SONNET, when: tuple[str, ...] = EVERYTHING) -> Target:
    return Target("bedrock", model, 4096, when=when)


@dataclass
class Process:
    """One function, with a table in memory and a model that says what it is told to."""

    client: DynamoDB
    plan: RunPlan
    says: list[Answer | CallError | list[str | CallError]]
    asked: list[ModelCall] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    notices: list[Mapping[str, Any]] = field(default_factory=list)
    seconds: float = 900.0
    before_each_call: Callable[[], object] = lambda: None

    @property
    def store(self) -> UsageStore:
        client: Any = self.client
        return UsageStore(client, TABLE)

    def accept(self) -> None:
        row = accepted(request_id=KEY, tenant="acme", execution_arn=RUN, workflow_type="DIRECT")
        row |= {"queue": f"ACCEPTED#{shard_of(KEY)}", "queued_at": row["accepted_at"]}
        del row["confidence"]
        self.client.put(TABLE, to_item(row))
        content = {"request_id": KEY, "item": "CONTENT", "input": "{}"}
        self.client.put(TABLE, to_item(content))

    def call(self, call: ModelCall) -> Generator[str, None, tuple[Answer, Attempt]]:
        self.before_each_call()
        self.asked.append(call)
        said = self.says.pop(0)
        if isinstance(said, list):
            *parts, said = said  # type: ignore[assignment]
            for part in parts:
                yield str(part)
        return invoke(call, _Says(said), lambda: AT, 512)  # type: ignore[arg-type]

    def run(self) -> tuple[list[str], Ending]:
        first = self.plan.targets[0]
        made = ModelCall(
            first.provider, first.model, asking("?"), first.max_tokens, request_id=KEY,
        )  # fmt: skip
        planned = {"plan": self.plan.to_json(), "call": call_to_json(made, http=False)}
        ports = Ports(
            call=self.call,
            store=self.store,
            notify=self.notices.append,
            pause=self.wait,
            seconds_left=lambda: self.seconds,
            clock=lambda: AT,
        )
        parts, going = [], carry(planned, RUN, ports)
        while True:
            try:
                parts.append(next(going))
            except StopIteration as end:
                return parts, end.value

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds -= seconds

    def rows(self) -> dict[str, Row]:
        return self.store.rows_of(KEY)

    def attempts(self) -> list[tuple[str, str]]:
        rows = sorted(self.rows().items())
        return [(row["model"], row["outcome"]) for item, row in rows if item.startswith("ATTEMPT#")]


@dataclass
class _Says:
    said: Answer | CallError

    def complete(self, _call: ModelCall) -> Answer:
        if isinstance(self.said, CallError):
            raise self.said
        return self.said


@pytest.fixture
def process(dynamodb: Any) -> Callable[..., Process]:
    def made(*says: Any, others: tuple[Target, ...] = (), **record: Any) -> Process:
        found = Process(dynamodb, run_plan(*others, **record), [*says])
        found.accept()
        return found

    return made


def test_an_answer_is_recorded_without_any_state(process: Any) -> None:
    run = process(PARIS)

    _, ending = run.run()

    assert ending.outcome["output"] == "Paris."
    rows = run.rows()
    assert rows["REQUEST"]["status"] == "SUCCEEDED"
    assert rows["REQUEST"]["transitions"] == 0
    assert rows["ANSWER"]["output"] == "Paris."
    assert rows["ATTEMPT#01"]["lambda_mb"] == 512
    assert ending.closing.request["status"] == "SUCCEEDED"
    assert run.notices == []


def test_what_cannot_have_been_billed_is_sent_again(process: Any) -> None:
    run = process(THROTTLED, THROTTLED, PARIS)

    run.run()

    assert run.pauses == [1.0, 2.0]
    assert run.attempts() == [(HAIKU, "OK")]
    assert run.rows()["ATTEMPT#01"]["retries"] == 2


def test_after_three_repeats_the_next_model_is_asked(process: Any) -> None:
    run = process(*[THROTTLED] * 4, PARIS, others=(spare(),))

    _, ending = run.run()

    assert run.attempts() == [(HAIKU, "THROTTLED"), (SONNET, "OK")]
    assert run.rows()["REQUEST"]["fallback_cause"] == "Throttled"
    assert run.rows()["REQUEST"]["attempts"] == 2
    assert [row["item"] for row in ending.closing.attempts] == ["ATTEMPT#01", "ATTEMPT#02"]


def test_what_may_have_been_billed_is_not_sent_again(process: Any) -> None:
    run = process(BROKEN, PARIS, others=(spare(),))

    run.run()

    assert run.pauses == []
    assert run.attempts() == [(HAIKU, "UNKNOWN"), (SONNET, "OK")]


def test_a_failed_attempt_is_written_before_the_next_call(process: Any) -> None:
    run = process(BROKEN, PARIS, others=(spare(),))
    seen: list[Any] = []
    run.before_each_call = lambda: seen.append((run.attempts(), run.rows()["REQUEST"]))

    run.run()

    [(before, _), (after, request)] = seen
    assert (before, after) == ([], [(HAIKU, "UNKNOWN")])
    assert request["status"] == "ACCEPTED"
    assert request["in_flight"]["model"] == SONNET


def test_an_attempt_whose_writing_nobody_heard_of_is_written_once(process: Any) -> None:
    run = process(BROKEN, PARIS, others=(spare(),))
    run.client.fail(errors_of_network(), on=WRITE, when="after")

    run.run()

    assert run.attempts() == [(HAIKU, "UNKNOWN"), (SONNET, "OK")]
    assert run.rows()["REQUEST"]["status"] == "SUCCEEDED"


def test_an_end_whose_writing_nobody_heard_of_is_written_once(process: Any) -> None:
    run = process(PARIS)
    run.client.fail(errors_of_network(), on=WRITE, when="after")

    _, ending = run.run()

    assert ending.outcome is not None
    assert run.pauses == [1.0]


def test_a_table_that_does_not_answer_is_asked_again_and_the_model_is_not(process: Any) -> None:
    run = process(PARIS)
    run.client.fail(*[errors_of_network()] * 5, on=WRITE)

    with pytest.raises(errors.StoreUnavailable):
        run.run()

    assert run.pauses == [1.0, 2.0, 4.0, 8.0]
    assert len(run.asked) == 1


def test_without_an_answer_the_request_fails_and_somebody_is_notified(process: Any) -> None:
    run = process(BROKEN, BROKEN, others=(spare(),))

    _, ending = run.run()

    assert ending.outcome is None
    request = run.rows()["REQUEST"]
    assert (request["status"], request["cause"]) == ("FAILED", "ModelError")
    assert request["transitions"] == 0
    assert run.attempts() == [(HAIKU, "UNKNOWN"), (SONNET, "UNKNOWN")]
    [notice] = run.notices
    assert (notice["request_id"], notice["attempts"]) == ("r-1", 2)


def test_a_misfit_is_repaired_by_its_own_model(process: Any) -> None:
    misfit = errors.InvalidAnswer("1 problem", usage=USAGE, draft_s3="s3://b/drafts/1.txt")
    run = process(misfit, PARIS, others=(spare(),))

    run.run()

    assert [call.draft_s3 for call in run.asked] == [None, "s3://b/drafts/1.txt"]
    assert run.attempts() == [(HAIKU, "INVALID_ANSWER"), (HAIKU, "OK")]


def test_parts_are_handed_on_as_they_come(process: Any) -> None:
    run = process(["Pa", "ris.", PARIS])

    parts, ending = run.run()

    assert parts == ["Pa", "ris."]
    assert ending.outcome["output"] == "Paris."


def test_before_the_first_part_another_model_may_be_asked(process: Any) -> None:
    run = process([BROKEN], ["Pa", PARIS], others=(spare(),))

    parts, _ = run.run()

    assert parts == ["Pa"]
    assert run.attempts() == [(HAIKU, "UNKNOWN"), (SONNET, "OK")]


@pytest.mark.parametrize("error", [BROKEN, THROTTLED])
def test_after_the_first_part_nobody_else_is_asked(process: Any, error: CallError) -> None:
    run = process(["Pa", error], PARIS, others=(spare(),))

    parts, ending = run.run()

    assert (parts, ending.outcome) == (["Pa"], None)
    assert (len(run.asked), run.pauses) == (1, [])
    assert run.rows()["REQUEST"]["status"] == "FAILED"


def test_no_model_is_asked_that_could_not_end_in_time(process: Any) -> None:
    run = process(BROKEN, PARIS, others=(spare(),))
    run.seconds = 15.0

    _, ending = run.run()

    assert ending.outcome is None
    assert run.attempts() == [(HAIKU, "UNKNOWN")]


def test_nothing_is_sent_again_that_could_not_end_in_time(process: Any) -> None:
    run = process(THROTTLED, PARIS)
    run.seconds = 20.5

    run.run()

    assert (len(run.asked), run.pauses) == (1, [])


def test_a_request_that_was_closed_meanwhile_stays_closed(process: Any) -> None:
    run = process(PARIS)
    run.before_each_call = lambda: swept(run)

    with pytest.raises(errors.RequestClosed):
        run.run()

    assert run.rows()["REQUEST"]["cause"] == "Abandoned"
    assert "output" not in run.rows()["CONTENT"]


def test_a_run_that_dies_owes_its_call_in_flight_and_no_more(process: Any) -> None:
    run = process(BROKEN, PARIS, others=(spare(),))

    def die() -> None:
        if run.asked:
            raise KeyboardInterrupt

    run.before_each_call = die
    with pytest.raises(KeyboardInterrupt):
        run.run()

    assert swept(run, after=timedelta(minutes=16)) == Swept(0, 0)
    assert swept(run) == Swept(1, 0)

    assert run.attempts() == [(HAIKU, "UNKNOWN"), (SONNET, "UNKNOWN")]
    request = run.rows()["REQUEST"]
    assert (request["status"], request["transitions"]) == ("FAILED", 0)
    assert (request["attempts"], run.rows()["ATTEMPT#02"]["max_tokens"]) == (2, 4096)


def test_a_later_run_numbers_its_attempts_on(process: Any) -> None:
    run = process(BROKEN, PARIS, others=(spare(),), earlier_attempts=3)

    run.run()

    assert {"ATTEMPT#04", "ATTEMPT#05"} <= run.rows().keys()
    assert run.rows()["REQUEST"]["attempts"] == 5


def swept(run: Process, after: timedelta = timedelta(minutes=18)) -> Swept:
    """Close what is abandoned; the workflow's own limit has passed in any case."""
    return close_abandoned(
        run.store,
        NO_RUNS,
        lambda _arn: pytest.fail("a direct run has no execution"),
        time_limit=timedelta(minutes=1),
        at=AT + after,
        notify=run.notices.append,
    )


def errors_of_network() -> BaseException:
    from botocore.exceptions import EndpointConnectionError

    return EndpointConnectionError(endpoint_url="http://table")
