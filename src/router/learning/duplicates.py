"""Has a COMPLEX request answered by the cheapest tier too, and both answers judged. Pure.

Each look at a request decides one move from its rows: send what is missing, wait, or end. So a look
may be repeated, and a lost message is sent again. What is sent are ordinary requests of the same
tenant, with rows, costs and a budget; their ids follow from the request's key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cost_calculator.contributions import ANSWERED
from cost_calculator.row_keys import key_of, request_id_of
from cost_calculator.rows import OPEN, Row
from router.analyzer.messages import text_of
from router.intake.call_options import CallOptions
from router.recording.duplicate_row import DUPLICATE, WORKFLOW
from router.workflows.variants.judge import (
    HIGHEST,
    Candidate,
    orders,
    question,
    scores_of,
    verdict,
)

JUDGED = "JUDGED"
_CHEAPEST, _STRONGEST = "SIMPLE", "COMPLEX"
_LIFE = timedelta(days=1)
_LOOK_AGAIN = timedelta(minutes=5)
# A message that started nothing may wait in the queue, or its budget is used up.
_SEND_AGAIN = timedelta(hours=1)
_MOST_SENDS = 3
_STRONG, _WEAK = 0, 1

Rows = Mapping[str, Row]
TextOf = Callable[[Rows], str | None]
"""Returns the answer that a request's rows have or name; ``None`` if its text is gone."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send requests, then look again. ``changes`` go into the DUPLICATE row before."""

    requests: Sequence[Mapping[str, Any]]
    changes: Mapping[str, Any]
    after: timedelta = _SEND_AGAIN


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again later."""

    after: timedelta = _LOOK_AGAIN


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do: the row gets ``changes`` and leaves the queue."""

    changes: Mapping[str, Any]


Move = Send | Wait | End


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A request that was drawn, with its rows; ``sent`` are the rows of what was sent, by key."""

    rows: Rows
    sent: Mapping[str, Rows]
    text_of: TextOf
    input_bytes: int
    judge: str = _STRONGEST

    @property
    def row(self) -> Row:
        return self.rows[DUPLICATE]

    def step_id(self, step: str) -> str:
        """Return the id of a request that is sent."""
        return f"dup-{hashlib.sha256(self.row['request_id'].encode()).hexdigest()[:20]}-{step}"

    def key(self, step: str) -> str:
        return key_of(self.row["tenant"], self.step_id(step))

    def request(self, step: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request to send: of the same tenant, never out of the cache."""
        return {
            **fields,
            "request_id": self.step_id(step),
            "tenant": self.row["tenant"],
            "cache": False,
            "parent_id": request_id_of(self.row["request_id"]),
            "workflow": {"name": WORKFLOW, "step": step},
        }

    def move(self, at: datetime) -> Move:
        """Return what is to be done now."""
        request = self.rows["REQUEST"]
        if at - datetime.fromisoformat(self.row["drawn_at"]) > _LIFE:
            return _end("EXPIRED")
        if "forgotten_at" in request:
            # Its copies are erased as well, once they have ended: no new one is made.
            return Wait() if any(map(_is_open, self.sent.values())) else _end("FORGOTTEN")
        if request["status"] in OPEN:
            return Wait()
        if request["status"] not in ANSWERED or request["route"] != _STRONGEST:
            return _end("NOT_COMPLEX" if request["status"] in ANSWERED else "NOT_ANSWERED")
        return self._answered()

    def _answered(self) -> Move:
        if "input" not in self.rows.get("CONTENT", {}):
            return _end("TEXT_GONE")
        cheap = self._rows("answer")
        if not cheap:
            return self._send({"answer": self._asked_again()})
        if _is_open(cheap):
            return Wait()
        one, other = self.rows["REQUEST"], cheap["REQUEST"]
        if other["status"] not in ANSWERED:
            return _end("CHEAPER_FAILED")
        if (one["provider"], one["model"]) == (other["provider"], other["model"]):
            return _end("SAME_MODEL")
        return self._compared(cheap)

    def _compared(self, cheap: Rows) -> Move:
        texts = [text for rows in (self.rows, cheap) if (text := self.text_of(rows))]
        if len(texts) < 2:
            return _end("TEXT_GONE")
        task = _task(json.loads(self.rows["CONTENT"]["input"]))
        candidates = [Candidate(index, task, text) for index, text in enumerate(texts)]
        read_in = dict(zip(("judge-1", "judge-2"), orders(candidates), strict=True))
        replies = {step: self._rows(step) for step in read_in}
        if missing := [step for step, rows in replies.items() if not rows]:
            return self._send(
                {
                    step: question(candidates, read_in[step], None, self.input_bytes)
                    | {"tier": self.judge}
                    for step in missing
                }
            )
        if any(map(_is_open, replies.values())):
            return Wait()
        scores = []
        for step, rows in replies.items():
            reply = self.text_of(rows) if rows["REQUEST"]["status"] in ANSWERED else None
            scores.append(scores_of(reply, read_in[step]))
        found = verdict(scores)
        if found is None or not all(scores):
            return _end("UNJUDGED")
        strong, weak = (found.means[index] / HIGHEST for index in (_STRONG, _WEAK))
        return _end(
            JUDGED,
            strong=_rounded(strong),
            weak=_rounded(weak),
            agrees=int(bool(found.agrees)),
            strong_model=self.rows["REQUEST"]["model"],
            weak_model=cheap["REQUEST"]["model"],
        )

    def _rows(self, step: str) -> Rows:
        return self.sent.get(self.key(step), {})

    def _send(self, fields: Mapping[str, Mapping[str, Any]]) -> Move:
        keys = [self.key(step) for step in fields]
        again = all(key in self.row["steps"] for key in keys)
        sends = int(self.row.get("sends", 0)) + 1 if again else 1
        if sends > _MOST_SENDS:
            return _end("NOT_STARTED")
        steps = [*self.row["steps"], *(key for key in keys if key not in self.row["steps"])]
        requests = [self.request(step, given) for step, given in fields.items()]
        return Send(requests, {"steps": steps, "sends": sends})

    def _asked_again(self) -> dict[str, Any]:
        content = self.rows["CONTENT"]
        asked = json.loads(content["input"])
        options = CallOptions.from_json(json.loads(content.get("options", "{}"))).to_json()
        system = {} if asked.get("system") is None else {"system": asked["system"]}
        return {
            "messages": asked["messages"],
            **system,
            **options,
            "tier": _CHEAPEST,
            "unsupported_options": "drop",
        }


def _end(outcome: str, **found: Any) -> End:
    return End({"outcome": outcome, **found})


def _is_open(rows: Rows) -> bool:
    return not rows or rows["REQUEST"]["status"] in OPEN


def _task(asked: Mapping[str, Any]) -> str:
    """Return what was asked, as the judge reads it: a conversation turn by turn."""
    turns = list(asked["messages"])
    if asked.get("system"):
        turns.insert(0, {"role": "system", "content": asked["system"]})
    if len(turns) == 1:
        return text_of(turns[0])
    return "\n\n".join(f"{turn['role']}: {text_of(turn)}" for turn in turns)


def _rounded(share: Decimal) -> Decimal:
    return share.quantize(Decimal("0.001"))
