"""Sends one prompt as its caller would, waits for the answer, then for its price. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cost_calculator.row_keys import key_of
from router.conversation.said import Said
from router.errors import StoreUnavailable
from router.ingress.api.ports import ApiContext, Rows
from router.ingress.api.submit import Submitted, submit, wait
from router.ingress.api.views import view

_PAUSE_SECONDS = 0.5


def start(payload: Mapping[str, Any], tenant: str, api: ApiContext) -> Submitted:
    """Start the request, or join the one with its id; nothing starts that could not be read.

    Raise what ``router.ingress.api.submit`` raises, and ``StoreUnavailable``.
    """
    api.store.request_of(key_of(tenant, str(payload["request_id"])))
    return submit(dict(payload), tenant, api)


def ended(
    submitted: Submitted, api: ApiContext, answer_seconds: float, price_seconds: float
) -> Rows | None:
    """Return the rows of a request that has ended, priced if that comes in time.

    ``None`` is a request that has not ended by then. Raise what refused it.
    """
    rows = wait(submitted, api.clock() + answer_seconds, api)
    until = api.clock() + price_seconds
    while rows and not is_settled(rows) and api.clock() < until:
        api.sleep(_PAUSE_SECONDS)
        with suppress(StoreUnavailable):  # the answer is there: only its price is late
            rows = api.store.rows_of(submitted.identity.key)
    return rows


def is_settled(rows: Rows) -> bool:
    """Return whether no row of the request waits for its price any more."""
    return all(
        row.get("cost_status") not in (None, "PENDING")
        for item, row in rows.items()
        if item == "REQUEST" or item.startswith("ATTEMPT#")
    )


def shown(rows: Rows, said: Said | None) -> dict[str, Any]:
    """Return the request as JSON has it; without a cost until its own rows have one.

    The price book of this machine may be another than the deployment's, so it is not asked.
    """
    found = view(rows, said, lambda row: row)
    return found if is_settled(rows) else found | {"cost_status": "PENDING"}
