"""What one of a tenant's own workflow runs cost, step by step. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cost_calculator.row_keys import key_of
from cost_calculator.workflow_cost import TooManySteps, WorkflowRun
from cost_calculator.workflow_figures import run_as_json
from router.errors import InvalidRequest
from router.ingress.api.errors import ApiError
from router.intake.identity import is_request_id


def cost_of_run(
    workflow_id: str, tenant: str, steps: Callable[[str], WorkflowRun | None]
) -> dict[str, Any]:
    """Return the run; raise ``ApiError`` if no request of the tenant names it as its parent."""
    run = None
    if is_request_id(workflow_id):
        try:
            run = steps(key_of(tenant, workflow_id))
        except TooManySteps as error:
            raise InvalidRequest(
                f"the run has more than {error.most} steps: `faregate report --workflow` shows it"
            ) from error
    if run is None:
        raise ApiError("NotFound", "no request of yours has this `parent_id`")
    return run_as_json(run)
