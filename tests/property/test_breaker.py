"""The breaker under any interleaving of processes, calls, deaths and late news."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cost_calculator.clock import iso
from router.acceptance.control_memory import KEPT_SECONDS
from router.aws.breaker_store import ControlBreakers
from router.guards.breaker import Admission, Phase, admission, from_row, milliseconds
from router.guards.breaker_observer import PendingSuccesses, watch
from tests.support.desk import BREAKER, Desk
from tests.support.factories import HAIKU, config
from tests.support.tables import CONTROL
from tests.unit.router.guards.test_breaker import KEY, SETTINGS

ENDS = st.sampled_from(
    [
        ("OK", ""), ("REFUSED", "Refused"), ("THROTTLED", "Throttled"),
        ("OVERLOADED", "Overloaded"),
        ("UNKNOWN", "ModelTimeout"), ("UNKNOWN", "Aborted"), ("REJECTED", "AccessDenied"),
    ]
)  # fmt: skip


class Breaking(RuleBasedStateMachine):
    """Three processes accept, each with its memory; two watchers see the ends, late or twice."""

    def __init__(self) -> None:
        super().__init__()
        first = Desk(config(breaker=BREAKER))
        self.desks = [first, *(Desk(first.config, first.client) for _ in range(2))]
        self.control = first.control
        self.breakers = ControlBreakers(first.client, CONTROL)
        self.watchers = [PendingSuccesses(), PendingSuccesses()]
        self.flying = []  # the calls under way: request id, start, whether it is the probe
        self.probes = {}  # request id of each claimed probe under way: when its place is free
        self.asked = 0

    @property
    def at(self):
        return self.desks[0].at

    def state(self):
        return from_row(self.control.get(KEY, {}))

    @rule(desk=st.integers(0, 2))
    def a_request_comes(self, desk):
        self.asked += 1
        request_id = f"r-{self.asked}"
        before = self.state()
        plan = self.desks[desk].ask(request_id)
        if plan["call"]["model"] != HAIKU:
            return
        claimed = self.state().phase is Phase.HALF_OPEN and self.state().probe == request_id
        if claimed:
            assert admission(before, self.at) is Admission.PROBE
            self.probes[request_id] = self.at + timedelta(seconds=SETTINGS.probe_seconds)
        self.flying.append((request_id, self.at))

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), end=ENDS, watcher=st.integers(0, 1), twice=st.booleans())
    def a_call_ends(self, data, end, watcher, twice):
        request_id, started = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        outcome, cause = end
        row = {
            "request_id": request_id, "provider": "bedrock", "model": HAIKU, "outcome": outcome,
            "cause": cause, "started_at": iso(started), "ended_at": iso(self.at),
        }  # fmt: skip
        for _ in range(1 + twice):
            watch([row], self.breakers, self.watchers[watcher], SETTINGS, self.at)
        probed = self.probes.pop(request_id, None)
        if probed and probed > self.at and outcome in ("OK", "REFUSED"):
            assert self.state().phase is Phase.CLOSED

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def a_run_dies(self, data):
        self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))

    @rule(seconds=st.sampled_from([0.5, 6, 31, 61, 301, 700]))
    def time_passes(self, seconds):
        for desk in self.desks:
            desk.pass_time(seconds)

    @invariant()
    def at_most_one_probe_is_under_way(self):
        assert sum(free_at > self.at for free_at in self.probes.values()) <= 1

    @invariant()
    def an_open_breaker_says_when_it_may_be_tried(self):
        state = self.state()
        latest = milliseconds(self.at) + 1000 * max(
            SETTINGS.max_cool_down_seconds, SETTINGS.probe_seconds
        )
        if state.phase is Phase.OPEN:
            assert state.open_until_ms <= latest
        if state.phase is Phase.HALF_OPEN:
            assert state.probe
            assert state.probe_until_ms <= latest

    def teardown(self):
        """However it stands: after the longest wait a request is let through, and closes it."""
        seconds = max(SETTINGS.max_cool_down_seconds, SETTINGS.probe_seconds) + KEPT_SECONDS
        self.time_passes(seconds)
        self.flying.clear()
        self.a_request_comes(0)
        assert self.flying, "it is stuck"
        [(request_id, started)] = self.flying
        row = {
            "request_id": request_id, "provider": "bedrock", "model": HAIKU, "outcome": "OK",
            "started_at": iso(started), "ended_at": iso(self.at),
        }  # fmt: skip
        watch([row], self.breakers, self.watchers[0], SETTINGS, self.at)
        assert self.state().phase is Phase.CLOSED


Breaking.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestBreaking = Breaking.TestCase
