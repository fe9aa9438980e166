"""What the workflow hands from state to state: the plan of a run, and how far it has come. Pure.

``analyze`` writes the plan once. No text of the request is in it, so that a state which makes no
call carries none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cost_calculator.row_keys import key_of
from router.catalog.service_tiers import mode_of
from router.invocation.attempt import Attempt, read_attempt

# What ``read_attempt`` falls back on: the workflow hands on what our own functions wrote.
_NOBODY = Attempt("", "", "UNKNOWN", "", "", 0)


@dataclass(frozen=True, slots=True)
class Target:
    """A model as the plan would call it.

    As a fallback it is asked for the kinds of failure in ``when``, and for a prompt that was too
    long only after a model in ``larger_than``. ``draft_s3`` is an answer of its own to repair;
    ``without`` are options of the call that it does not take.
    """

    provider: str
    model: str
    max_tokens: int
    service_tier: str | None = None
    latency: str | None = None
    when: tuple[str, ...] = ()
    larger_than: tuple[str, ...] = ()
    draft_s3: str | None = None
    without: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """The mode in which its calls are priced, as it is asked for."""
        return mode_of(self.service_tier, self.latency)

    @property
    def name(self) -> str:
        """``provider/model``."""
        return f"{self.provider}/{self.model}"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Target:
        """Parse one of a plan's ``targets``, or the target of a step."""
        return cls(
            provider=data["provider"],
            model=data["model"],
            max_tokens=int(data["max_tokens"]),
            service_tier=data.get("service_tier"),
            latency=data.get("latency"),
            when=tuple(data.get("when") or ()),
            larger_than=tuple(data.get("larger_than") or ()),
            draft_s3=data.get("draft_s3"),
            without=tuple(data.get("without") or ()),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the target as states carry it; what is not set is left out."""
        known = {
            "provider": self.provider,
            "model": self.model,
            "max_tokens": self.max_tokens,
            "service_tier": self.service_tier,
            "latency": self.latency,
            "when": list(self.when) or None,
            "larger_than": list(self.larger_than) or None,
            "draft_s3": self.draft_s3,
            "without": list(self.without) or None,
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The plan of one run. ``targets`` begin with the model that is asked first.

    ``record`` is what the rows need of it: see ``router.recording.facts``.
    """

    request_id: str
    tenant: str
    tier: str
    via: str
    targets: tuple[Target, ...]
    record: Mapping[str, Any]
    shown: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunPlan:
        """Parse the variable ``plan``."""
        return cls(
            request_id=data["request_id"],
            tenant=data["tenant"],
            tier=data["tier"],
            via=data["via"],
            targets=tuple(map(Target.from_json, data["targets"])),
            record=data["record"],
            shown={name: data[name] for name in ("complexity", "confidence", "reasons")},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the plan as the variable ``plan`` holds it."""
        return {
            "request_id": self.request_id,
            "tenant": self.tenant,
            "tier": self.tier,
            "via": self.via,
            "targets": [target.to_json() for target in self.targets],
            "record": dict(self.record),
            **self.shown,
        }

    @property
    def key(self) -> str:
        """The key of the request's rows and objects."""
        return key_of(self.tenant, self.request_id)

    @property
    def reviewed(self) -> bool:
        """Whether a human may be asked about an answer."""
        return self.record.get("review") is not None

    def target_of(self, attempt: Attempt) -> Target:
        """Return the target that an attempt called."""
        name = f"{attempt.provider}/{attempt.model}"
        return next((t for t in self.targets if t.name == name), self.targets[0])


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: its attempts, the target that is next, the states it has entered.

    ``entered`` counts state transitions since the plan was made, and all retries: the plan's too.
    ``sent`` counts the calls of the HTTP Task, the first one at ``since``, that were refused and
    are one attempt with the call that follows.
    """

    attempts: tuple[Attempt, ...] = ()
    target: Target | None = None
    entered: int = 0
    sent: int = 0
    since: str | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Progress:
        """Parse the variable ``progress``."""
        target = data.get("target")
        return cls(
            attempts=tuple(read_attempt(given, _NOBODY) for given in data["attempts"]),
            target=Target.from_json(target) if target else None,
            entered=int(data["entered"]),
            sent=int(data.get("sent", 0)),
            since=data.get("since"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the variable ``progress``."""
        return {
            "attempts": [attempt.to_json() for attempt in self.attempts],
            "target": self.target.to_json() if self.target else None,
            "entered": self.entered,
            **({"sent": self.sent, "since": self.since} if self.sent else {}),
        }

    def with_attempts(self, attempts: Sequence[Attempt]) -> Progress:
        """Return the progress with other attempts: nothing is left of calls that were refused."""
        return replace(self, attempts=tuple(attempts), sent=0, since=None)

    def after(self, states: int) -> Progress:
        """Return the progress after so many more states."""
        return replace(self, entered=self.entered + states)
