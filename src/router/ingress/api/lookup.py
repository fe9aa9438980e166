"""Finds a request again: its rows, its answer, or what refused it before it had any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cost_calculator.contributions import ANSWERED
from cost_calculator.row_keys import key_of, request_id_of
from router.conversation.said import Said, said_of
from router.encoding import json_object
from router.errors import RateLimited
from router.executions.names import is_direct
from router.executions.run import NoSuchRun, Run
from router.executions.start import latest
from router.ingress.api.errors import HAD_NO_ROOM, ApiError
from router.ingress.api.ports import ApiContext, Rows
from router.intake.identity import is_request_id
from router.recording.answer_row import stored_answer
from router.recording.duplicate_row import WORKFLOW

_LOOK_AGAIN_SECONDS = 0.15
_NOT_BILLED = {"THROTTLED", "OVERLOADED", "UNREACHABLE", "REJECTED"}
# What analyze refuses before it accepts; anything else in its place is ours to fix.
_REFUSALS = {"InvalidRequest", "PolicyDenied", "Conflict", "BudgetExceeded", "RateLimited"}


def find(request_id: str, tenant: str, api: ApiContext) -> Rows | ApiError | None:
    """Return the rows of a tenant's request; what refused it before it had rows; or ``None``.

    ``None`` is a request that has just been started. Raise 404 if the tenant has none: other
    tenants' requests are under other keys and names.
    """
    if not is_request_id(request_id):
        raise _not_found(None)
    rows = api.store.rows_of(key_of(tenant, request_id))
    if "REQUEST" in rows:
        _check_owner(rows["REQUEST"], tenant, request_id)
        return rows
    try:
        run = latest(tenant, request_id, api.executions)
    except NoSuchRun:
        raise _not_found(request_id) from None
    return refusal(tenant, request_id, run, api)


def owned(request_id: str, tenant: str, api: ApiContext) -> str:
    """Return the key of a tenant's request; raise 404 if it has no such request."""
    if not is_request_id(request_id):
        raise _not_found(None)
    key = key_of(tenant, request_id)
    if (row := api.store.request_of(key)) is None:
        raise _not_found(request_id)
    _check_owner(row, tenant, request_id)
    return key


def answer_of(rows: Rows, api: ApiContext) -> Said | None:
    """Return what was answered, from the row, S3, or the run's own output.

    ``None`` if there is no answer, or its text has expired. Raise ``StoreUnavailable`` or ``Busy``
    if that is not known.
    """
    request = rows["REQUEST"]
    if request["status"] not in ANSWERED:
        return None
    if "output_s3" in request:
        body = api.text_at(request["output_s3"])
        return None if body is None else Said.from_object(request["output_s3"], body)
    stored = stored_answer(rows)
    if stored is not None or api.store_text or is_direct(request["execution_arn"]):
        return stored
    try:
        run = _ended(request["execution_arn"].rsplit(":", 1)[1], api)
    except NoSuchRun:
        return None  # Step Functions keeps a run for 90 days
    outcome = json_object(run.output or "")
    return said_of(outcome) if "output" in outcome else None


def kept_answer(request_id: str, tenant: str, api: ApiContext) -> Said | None:
    """Return what was answered to a request of the tenant, ``None`` if that is not kept."""
    try:
        rows = find(request_id, tenant, api)
    except ApiError:
        return None
    return answer_of(rows, api) if isinstance(rows, Mapping) else None


def failure(rows: Rows, *, is_named: bool) -> ApiError:
    """Return the error of a request that ended without an answer.

    It is closed, so that no repeat under its id can help. A repeat without an id is a new request:
    where nothing was paid and no model had room, that may.
    """
    request = rows["REQUEST"]
    cause = str(request.get("cause") or request["status"])
    request_id = request_id_of(request["request_id"])
    closed = f"no model answered: {cause}. The request is closed; GET it for its attempts"
    if not is_named and cause in HAD_NO_ROOM and _was_free(rows):
        message = f"{closed}. Nothing was paid: send it again after `retry-after`"
        return ApiError(cause, message, request_id=request_id)
    message = f"{closed}, and send it again under a new id if it is still wanted"
    return ApiError(cause, message, request_id=request_id, is_closed=True)


def _was_free(rows: Rows) -> bool:
    return all(
        row.get("outcome") in _NOT_BILLED
        for item, row in rows.items()
        if item.startswith("ATTEMPT#")
    )


def _ended(name: str, api: ApiContext) -> Run:
    run = api.executions.describe(name)
    while run.status == "RUNNING":  # its row is written by its last state
        api.sleep(_LOOK_AGAIN_SECONDS)
        run = api.executions.describe(name)
    return run


def refusal(tenant: str, request_id: str, run: Run, api: ApiContext) -> ApiError | None:
    """Return what refused a request without rows; ``None`` if nothing has, so far."""
    if run.status == "RUNNING" or "REQUEST" in api.store.rows_of(key_of(tenant, request_id)):
        return None
    if run.error in _REFUSALS:
        cause = run.cause or run.error
        seconds = RateLimited.seconds_in(cause) if run.error == RateLimited.__name__ else None
        headers = {} if seconds is None else {"retry-after": str(seconds)}
        return ApiError(run.error, cause, request_id=request_id, headers=headers)
    message = "the request was not accepted, so nothing was paid: send it again"
    return ApiError("NotAccepted", message, request_id=request_id)


def _check_owner(row: Mapping[str, Any], tenant: str, request_id: str) -> None:
    # The key holds the tenant. A row that was put by hand, or before keys had tenants, may differ.
    # What a duplicate is answered is for the record alone.
    if row["tenant"] != tenant or row.get("workflow") == WORKFLOW:
        raise _not_found(request_id)


def _not_found(request_id: str | None) -> ApiError:
    return ApiError("NotFound", "there is no such request of yours", request_id=request_id)
