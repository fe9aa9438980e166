"""The functions of the workflow, with tables, a bucket and a model in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cost_calculator.aws.items import to_item
from cost_calculator.rows import Row
from router.aws.usage_table import UsageStore
from router.conversation.said import Said
from router.errors import CallError, StoreUnavailable
from router.handlers import await_review, invoke_model, plan_next_step, record_answer
from router.invocation.answer_store import NotStored
from router.invocation.call import Answer, ModelCall
from router.providers.call_json import call_to_json
from router.routing.run_plan import RunPlan, Target
from tests.fakes.dynamodb import DynamoDB
from tests.support.factories import accepted, asking
from tests.support.runs import ARN, KEY, NOW, STARTED, USAGE, run_plan
from tests.support.tables import USAGE as TABLE

WRITE = "TransactWriteItems"
QUESTION = "the launch code is 0042"

# No review has ended: a token may be answered with anything, also null.
_NOBODY = object()


class Bucket:
    """The answers' bucket, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.down = False

    def put(self, request_id: str, said: Said) -> str:
        return self._put("answers", request_id, said.to_object()[0])

    def put_draft(self, request_id: str, text: str) -> str:
        return self._put("drafts", request_id, text)

    def get(self, address: str) -> str | None:
        if self.down:
            raise StoreUnavailable("SlowDown")
        return self.kept.get(address)

    def _put(self, folder: str, request_id: str, text: str) -> str:
        if self.down:
            raise NotStored("SlowDown")
        address = f"s3://answers-1/{folder}/{request_id}/{len(self.kept)}.txt"
        self.kept[address] = text
        return address


@dataclass
class Model:
    """Says what it is told to, one thing a call, and remembers the calls."""

    says: list[Answer | CallError] = field(default_factory=list)
    asked: list[ModelCall] = field(default_factory=list)

    def complete(self, call: ModelCall) -> Answer:
        self.asked.append(call)
        said = self.says.pop(0) if self.says else Answer("Paris.", False, USAGE, "m-2026")
        if isinstance(said, CallError):
            raise said
        return said


@dataclass
class Stage:
    """One request, accepted, and what its states hand on."""

    client: DynamoDB
    model: Model
    bucket: Bucket
    plan: RunPlan
    progress: dict[str, Any] = field(
        default_factory=lambda: {"attempts": [], "target": None, "entered": 0}
    )
    review: Any = _NOBODY
    execution: str = ARN
    # States entered and retried so far, AnalyzeComplexity and RouteByComplexity included.
    entered: int = 2

    def accept(self, **changes: Any) -> None:
        row = accepted(request_id=KEY, tenant="acme", execution_arn=ARN) | changes
        del row["confidence"]
        self.put(row)
        self.put({"request_id": KEY, "item": "CONTENT", "input": "{}"})

    def change(self, **changes: Any) -> None:
        """Change the REQUEST row behind the run's back."""
        self.put(self.rows()["REQUEST"] | changes)

    def put(self, row: Row) -> None:
        self.client.put(TABLE, to_item(row))

    def before_the_next_write(self, fault: BaseException | Callable[[], object]) -> None:
        self.client.fail(fault, on=WRITE)

    def after_the_next_write(self, error: BaseException) -> None:
        """Let its answer get lost: nobody knows whether it was done, and it was."""
        self.client.fail(error, on=WRITE, when="after")

    @property
    def writes(self) -> int:
        return self.client.calls.count(WRITE)

    def rows(self, key: str = KEY) -> dict[str, Row]:
        client: Any = self.client
        return UsageStore(client, TABLE).rows_of(key)

    def call(self, **asked: Any) -> dict[str, Any]:
        first = self.plan.targets[0]
        made = ModelCall(
            first.provider, first.model, asking(QUESTION),
            first.max_tokens, request_id="r-1", **asked,
        )  # fmt: skip
        return call_to_json(made, http=self.plan.via == "http")

    def invoke(self, retries: int = 0, **asked: Any) -> dict[str, Any]:
        """Enter one of the Invoke states."""
        self.entered += 1 + retries
        event = {
            "call": self.call(**asked),
            "plan": self.plan.to_json(),
            "progress": self.progress,
            "retries": retries,
            "execution": self.execution,
        }
        return invoke_model.handler(_json(event), None)

    def record(
        self, http: Any = None, answer: Any = None, at: str = NOW, retries: int = 0
    ) -> dict[str, Any]:
        """Enter RecordAnswer."""
        self.entered += 1 + retries
        event = {
            "plan": self.plan.to_json(),
            "progress": self.progress,
            "http": http,
            "answer": answer,
            "execution": self.execution,
            "at": at,
            "retries": retries,
        }
        return record_answer.handler(_json(event), None)

    def next(self, failure: Any = None, at: str = NOW, retries: int = 0) -> dict[str, Any]:
        """Enter PlanNextStep and NextStep; what the step says is what the next state is given."""
        self.entered += 2 + retries
        event = {
            "plan": self.plan.to_json(),
            "progress": self.progress,
            "failure": failure,
            "review": None if self.review is _NOBODY else {"told": self.review},
            "execution": self.execution,
            "at": at,
            "retries": retries,
        }
        step = plan_next_step.handler(_json(event), None)
        self.progress = step["progress"]
        if step["step"] == "FAIL":
            self.entered += 2
        return step

    def wait(self, token: str = "token-1", at: str = NOW) -> None:
        """Enter NotifyReviewers and AwaitReview."""
        self.entered += 2
        event = {
            "plan": self.plan.to_json(),
            "progress": self.progress,
            "token": token,
            "execution": self.execution,
            "at": at,
        }
        await_review.handler(_json(event), None)


def http(body: Any, retries: int = 0) -> dict[str, Any]:
    """Return the variable ``http`` after the HTTP Task."""
    return {"body": body, "started_at": STARTED, "retries": retries}


def failed(error: BaseException, state: str = "InvokeHaiku", retries: int = 0) -> dict[str, Any]:
    """Return the variable ``failure`` as Step Functions fills it from what a function raised."""
    cause = {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": []}
    return {
        "output": {"Error": type(error).__name__, "Cause": json.dumps(cause)},
        "state": state,
        "entered_at": STARTED,
        "retries": retries,
    }


def spare(**changes: Any) -> Target:
    return Target(
        "anthropic", "claude-spare", 99, when=("throttled", "error", "refused"), **changes
    )


def a_plan(*others: Target, **record: Any) -> RunPlan:
    return run_plan(*others, **record)


def _json(event: Any) -> Any:
    """Return an event as it arrives: nothing but JSON, and nothing shared with who sent it."""
    return json.loads(json.dumps(event))
