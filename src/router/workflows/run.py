"""A run of a workflow: who it is, and the requests that are its steps. Pure.

Every step is decided from the run's own input, again and again the same: a step that is repeated
sends the same request under the same id, and is answered from its rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cost_calculator.contributions import ANSWERED
from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from cost_calculator.settlement import Row
from router.encoding import canonical_json, json_object
from router.errors import InvalidRequest, RouterError
from router.intake.identity import is_request_id

_LONGEST_ID = 60
_SHOWN = 300


class NothingAnswered(RouterError):
    """No step of a run has an answer; the message is the first step's cause."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a workflow, in the namespace of its tenant; ``max_cost_usd`` as it was given.

    ``group`` names the part of the run that an execution does; ``None`` if it does all of it.
    """

    workflow: str
    run_id: str
    tenant: str = DEFAULT_TENANT
    max_cost_usd: float | None = None
    group: int | None = None

    @property
    def key(self) -> str:
        """The key that its steps name as their parent."""
        return key_of(self.tenant, self.run_id)

    def step_id(self, step: str) -> str:
        """Return the id of a step's request."""
        return f"{self.run_id}-{step}"

    def step_key(self, step: str) -> str:
        """Return the key of the rows of a step."""
        return key_of(self.tenant, self.step_id(step))

    def request(self, step: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a step's request, as the router takes it; fields of ``None`` are omitted."""
        limit = {} if self.max_cost_usd is None else {"max_cost_usd": self.max_cost_usd}
        return {
            **{name: value for name, value in fields.items() if value is not None},
            "request_id": self.step_id(step),
            "tenant": self.tenant,
            "parent_id": self.run_id,
            "workflow": {"name": self.workflow, "step": step, **limit},
        }


def run_of(workflow: str, given: Mapping[str, Any], execution_name: str) -> Run:
    """Return the run of an input whose fields have the right types.

    Without an ``id`` the execution's name is the run's.
    """
    run_id = given.get("id", execution_name)
    if not is_request_id(run_id) or len(run_id) > _LONGEST_ID:
        raise InvalidRequest(
            f"the execution's name cannot serve as the run's id: give an `id` of up to"
            f" {_LONGEST_ID} letters, digits, _ and -"
        )
    tenant = given.get("tenant", DEFAULT_TENANT)
    return Run(workflow, run_id, tenant, given.get("max_cost_usd"))


def fingerprint(value: Any) -> str:
    """Return eight characters that differ where a step's content does: part of its id."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:8]


def child_failure(output: Mapping[str, Any]) -> dict[str, str]:
    """Return why a child failed, short, from the task's error as Step Functions reports it.

    The child's own error is in the cause, which describes the child's run, its input included.
    """
    child = json_object(output.get("Cause"))
    error = child.get("Error") or output.get("Error") or "Unknown"
    cause = child.get("Cause") or ("" if child else output.get("Cause")) or ""
    # A function's own error is JSON, with its message among other things.
    words = child.get("errorMessage") or json_object(cause).get("errorMessage") or cause
    return {"status": "FAILED", "error": str(error)[:80], "cause": str(words)[:_SHOWN]}


def answer_problem(rows: Mapping[str, Row], reported: Mapping[str, Any]) -> dict[str, str] | None:
    """Return why a step has no answer, ``None`` if it has one.

    ``rows`` decide; a request that was refused has none, and was ``reported`` by its run.
    """
    request = rows.get("REQUEST")
    if request is None:
        return {name: str(reported.get(name, "Unknown")) for name in ("error", "cause")}
    if request["status"] in ANSWERED:
        return None
    cause = f"the request is {request['status']}: see its rows"
    return {"error": str(request.get("cause", request["status"])), "cause": cause}
