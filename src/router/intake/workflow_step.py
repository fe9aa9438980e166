"""The workflow run that a request is a step of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cost_calculator.row_keys import key_of
from router.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """A request's place in a workflow run. ``parent`` is the run's key: its tenant's own, like ids.

    ``max_usd`` is the most that all steps of the run may cost together.
    """

    parent: str
    workflow: str | None = None
    step: str | None = None
    max_usd: Decimal | None = None

    def marks(self) -> dict[str, str]:
        """Return what the REQUEST row keeps of it."""
        known = {"parent_id": self.parent, "workflow": self.workflow, "step": self.step}
        return {name: value for name, value in known.items() if value is not None}


def workflow_step(payload: Mapping[str, Any], tenant: str) -> WorkflowStep | None:
    """Return the step that a payload of the right types is, ``None`` if it is none."""
    about = payload.get("workflow")
    if "parent_id" not in payload:
        if about is not None:
            raise InvalidRequest("`workflow` needs a `parent_id`: give the id of the run")
        return None
    about = about or {}
    most = about.get("max_cost_usd")
    return WorkflowStep(
        parent=key_of(tenant, payload["parent_id"]),
        workflow=about.get("name"),
        step=about.get("step"),
        max_usd=None if most is None else Decimal(str(most)),
    )
