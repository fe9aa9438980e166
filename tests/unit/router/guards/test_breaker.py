from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.clock import iso
from cost_calculator.row_keys import key_of
from router.aws.breaker_store import ControlBreakers
from router.config.settings import Config
from router.errors import StoreUnavailable
from router.guards.breaker import Breaker, Phase, Settings, breaker_key, from_row
from router.guards.breaker_observer import PendingSuccesses, watch
from tests.fakes.dynamodb import DynamoDB, timed_out
from tests.support.desk import BREAKER, Desk, desk
from tests.support.factories import AT, HAIKU, SONNET, config
from tests.support.tables import CONTROL

KEY = breaker_key("bedrock", HAIKU)
SONNETS = breaker_key("bedrock", SONNET)
SETTINGS = Settings(**BREAKER)


class Watched(Desk):
    """A desk whose calls are watched, as the stream would tell."""

    def __init__(self, settings: Config, label: str = "SIMPLE") -> None:
        super().__init__(settings, label=label)
        self.breakers = ControlBreakers(self.client, CONTROL)
        self.healthy = PendingSuccesses()

    def ended(self, outcome: str, request_id: str = "r-0", **changes: Any) -> list[str]:
        row = {
            "request_id": key_of("acme", request_id), "provider": "bedrock", "model": HAIKU,
            "outcome": outcome, "started_at": iso(self.at), "ended_at": iso(self.at), **changes,
        }  # fmt: skip
        return watch([row], self.breakers, self.healthy, SETTINGS, self.at)

    def opened(self) -> Watched:
        for _ in range(3):
            self.ended("THROTTLED", cause="Throttled")
        assert self.state().phase is Phase.OPEN
        self.pass_time(5)
        return self

    def state(self, key: str = KEY) -> Breaker:
        return from_row(self.control.get(key, {}))


def watched(**changes: Any) -> Watched:
    return Watched(config(breaker=BREAKER, **changes))


def model_asked(plan: dict[str, Any]) -> str:
    return str(plan["call"]["model"])


def test_throttled_calls_in_a_row_open_it_and_one_that_is_answered_begins_the_row_anew() -> None:
    at = watched()
    for outcome in (*["OK"] * 20, "THROTTLED", "THROTTLED", "OK", "THROTTLED", "THROTTLED"):
        assert at.ended(outcome, cause="Throttled") == []

    assert at.ended("THROTTLED", cause="Throttled") == [KEY]
    assert at.state().phase is Phase.OPEN


def test_it_opens_on_the_error_rate_of_enough_calls() -> None:
    at = watched()
    for _ in range(3):
        at.ended("UNKNOWN", cause="ModelTimeout")
    assert at.state().phase is Phase.CLOSED

    at.ended("OVERLOADED", cause="Overloaded")

    assert at.state().phase is Phase.OPEN


def test_calls_that_were_answered_before_count_against_the_error_rate() -> None:
    at = watched()
    for _ in range(20):
        at.ended("OK")
    for _ in range(10):
        at.ended("UNKNOWN", cause="ModelError")

    assert at.state().phase is Phase.CLOSED


def test_a_deployment_without_failures_writes_nothing() -> None:
    at = watched()
    for _ in range(50):
        at.ended("OK")

    assert "PutItem" not in at.client.calls


def test_what_lies_before_the_window_does_not_count() -> None:
    at = watched()
    for _ in range(3):
        at.ended("UNKNOWN", cause="ModelError")
    at.pass_time(61)
    at.ended("UNKNOWN", cause="ModelError")
    old = iso(at.at - timedelta(hours=3))
    for _ in range(5):  # a stream that is delivered late, or once more
        at.ended("UNKNOWN", cause="ModelError", started_at=old, ended_at=old)

    assert at.state().phase is Phase.CLOSED


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        ("REJECTED", "AccessDenied"),
        ("REJECTED", "InvalidModelRequest"),
        ("REFUSED", "Refused"),
        ("BAD_RESPONSE", "BadResponse"),
        ("UNKNOWN", "Aborted"),
        ("UNKNOWN", "Runtime.ExitError"),
        ("THROTTLED", "Lambda.TooManyRequestsException"),
    ],
)
def test_what_is_not_the_models_fault_opens_nothing(outcome: str, cause: str) -> None:
    at = watched()
    for _ in range(30):
        at.ended(outcome, cause=cause)

    assert at.state().phase is Phase.CLOSED


def test_a_row_that_cannot_be_read_keeps_no_other_from_being_seen() -> None:
    at = watched()
    good = {"request_id": "r", "provider": "bedrock", "model": HAIKU, "outcome": "THROTTLED",
            "cause": "Throttled", "started_at": iso(AT), "ended_at": iso(AT)}  # fmt: skip

    rows = [{"provider": "bedrock"}, good, good | {"ended_at": "soon"}, good, good]

    assert watch(rows, at.breakers, at.healthy, SETTINGS, AT) == [KEY]


def test_an_open_model_is_skipped_before_it_is_paid_for_and_the_row_says_why() -> None:
    at = watched().opened()

    plan = at.ask()

    assert model_asked(plan) == SONNET
    assert at.row()["reasons"][0] == (
        f"skipped {HAIKU}: its breaker is open until 2026-11-21T10:00:30.000Z"
    )
    assert at.row()["skipped"] == [f"bedrock/{HAIKU}"]
    assert at.row()["planned_model"] == SONNET


def test_an_open_fallback_is_not_asked_either() -> None:
    at = watched()
    for _ in range(3):
        at.ended("THROTTLED", model=SONNET, cause="Throttled")

    plan = at.ask()

    assert model_asked(plan) == HAIKU
    assert plan["plan"]["targets"][1:] == []


def test_where_all_models_of_a_plan_are_open_they_are_asked_all_the_same() -> None:
    at = watched().opened()
    for _ in range(3):
        at.ended("THROTTLED", model=SONNET, cause="Throttled")

    plan = at.ask()

    assert model_asked(plan) == HAIKU
    assert at.row()["reasons"][0] == ("every model of the plan has an open breaker: called anyway")


def test_after_the_cool_down_one_request_probes_and_the_others_still_skip() -> None:
    at = watched().opened()
    at.pass_time(30)

    assert model_asked(at.ask("r-1")) == HAIKU
    assert model_asked(at.ask("r-2")) == SONNET
    assert at.state().phase is Phase.HALF_OPEN
    assert "waits for a probe" in at.row("r-2")["reasons"][0]


def test_a_probe_that_is_answered_closes_it() -> None:
    at = watched().opened()
    at.pass_time(30)
    at.ask("r-1")
    at.ended("OK", "r-1")
    at.pass_time(5)

    assert at.state().phase is Phase.CLOSED
    assert model_asked(at.ask("r-2")) == HAIKU


def test_a_probe_that_fails_opens_it_for_longer_each_time_up_to_a_limit() -> None:
    at = watched().opened()
    at.pass_time(30)
    waits = []
    for number in range(1, 7):
        at.ask(f"r-{number}")
        at.ended("OVERLOADED", f"r-{number}", cause="Overloaded")
        waits.append(at.state().open_until_ms / 1000 - at.at.timestamp())
        at.pass_time(waits[-1])

    assert waits == [60, 120, 240, 480, 600, 600]


def test_calls_from_before_it_opened_say_nothing_of_whether_it_is_well_again() -> None:
    at = watched().opened()
    before = iso(AT - timedelta(seconds=20))

    at.ended("OK", started_at=before)

    assert at.state().phase is Phase.OPEN


def test_a_probe_whose_run_says_nothing_of_the_model_frees_its_place() -> None:
    at = watched().opened()
    at.pass_time(30)
    at.ask("r-1")
    at.ended("UNKNOWN", "r-1", cause="Aborted")
    at.pass_time(5)

    assert model_asked(at.ask("r-2")) == HAIKU


def test_a_probe_that_is_never_heard_of_again_frees_its_place() -> None:
    at = watched().opened()
    at.pass_time(30)
    at.ask("r-1")
    at.pass_time(SETTINGS.probe_seconds - 1)
    assert model_asked(at.ask("r-2")) == SONNET
    at.pass_time(6)

    assert model_asked(at.ask("r-3")) == HAIKU


def test_of_two_processes_that_would_probe_one_does() -> None:
    at = watched().opened()
    at.pass_time(30)
    other = Desk(at.config, at.client, at.at)
    for process in (at, other):  # both have read the breaker while it was open
        process.ask(f"warm-{id(process)}", tenant="w", tier="COMPLEX")

    asked = [model_asked(at.ask("r-1")), model_asked(other.ask("r-2"))]

    assert asked == [HAIKU, SONNET]


def test_a_retried_analysis_answers_as_accepted_whatever_the_breaker_says_since() -> None:
    at = watched().opened()
    skipping = at.ask("r-1")
    at.pass_time(26)
    at.memory.read_at = None
    probing = at.ask("r-2")
    at.ended("OK", "r-2")
    at.memory.read_at = None

    assert model_asked(probing) == HAIKU
    for request_id, first in (("r-1", skipping), ("r-2", probing)):
        again = at.ask(request_id)
        assert (again["route"], again["call"]) == (first["route"], first["call"])
        for name in ("targets", "reasons"):
            assert again["plan"][name] == first["plan"][name]


def test_without_a_breaker_in_the_settings_nothing_is_skipped() -> None:
    at = watched().opened()
    bare = Desk(config(), at.client, at.at)

    assert model_asked(bare.ask()) == HAIKU


def failing(at: Desk) -> None:
    """Let every read of the control table fail from now on."""
    at.client.calls.clear()

    def hangs(operation: str, _when: str) -> None:
        if operation == "BatchGetItem":
            raise timed_out()

    at.client.fault = hangs


def test_a_control_table_that_does_not_answer_lets_pass_what_is_known_and_the_row_says_so() -> None:
    at = desk(breaker=BREAKER)
    at.ask("r-before")
    failing(at)
    at.pass_time(10)

    assert model_asked(at.ask()) == HAIKU
    assert "the control table could not be read" in at.row()["reasons"][0]


@pytest.mark.parametrize("known_for", [None, 61])
def test_where_nobody_knows_the_limits_that_were_set_at_run_time_nothing_passes(
    known_for: float | None,
) -> None:
    at = desk(breaker=BREAKER)
    if known_for is not None:
        at.ask("r-before")
        at.pass_time(known_for)
    failing(at)

    with pytest.raises(StoreUnavailable):
        at.ask()
    at.client.fail()
    assert at.ask("r-2")["route"] == "SIMPLE"


def test_where_the_deployment_says_so_everything_passes_while_limits_are_unknown() -> None:
    at = desk(breaker=BREAKER, on_store_failure="accept")
    failing(at)

    assert model_asked(at.ask()) == HAIKU


def test_a_table_that_is_down_is_not_asked_again_by_each_request() -> None:
    at = desk(breaker=BREAKER)
    at.ask("r-before")
    at.pass_time(10)
    failing(at)
    for number in range(10):
        at.ask(f"r-{number}")
    assert at.client.calls.count("BatchGetItem") == 1

    at.pass_time(6)
    at.ask("r-later")
    assert at.client.calls.count("BatchGetItem") == 2


@pytest.fixture
def on_dynamodb(dynamodb: Any) -> ControlBreakers:
    return ControlBreakers(dynamodb, CONTROL)


def test_of_two_writers_one_sees_the_other(on_dynamodb: ControlBreakers) -> None:
    first, second = Breaker(version=1, calls=1), Breaker(version=2, calls=2)

    assert on_dynamodb.save(KEY, Breaker(), first)
    assert not on_dynamodb.save(KEY, Breaker(), first)
    assert on_dynamodb.save(KEY, first, second)
    assert not on_dynamodb.save(KEY, first, second)
    assert from_row(on_dynamodb.read([KEY, SONNETS])[KEY]) == second
    assert [item["calls"] for item in on_dynamodb.all()] == [Decimal(2)]


def test_breakers_that_a_throttled_table_left_out_are_read_again(
    dynamodb: DynamoDB, on_dynamodb: ControlBreakers
) -> None:
    for key in (KEY, SONNETS):
        on_dynamodb.save(key, Breaker(), Breaker(version=1))
    dynamodb.unprocessed = 1

    assert set(on_dynamodb.read([KEY, SONNETS])) == {KEY, SONNETS}
