"""Gives a caller the answer once it exists, and marks requests whose caller must come again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from router.errors import StoreUnavailable
from router.executions.run import Busy
from router.ingress.api.errors import ApiError
from router.ingress.api.ports import ApiContext, Rows
from router.ingress.api.repeats import Undelivered, has_ended, is_owed
from router.ingress.api.submit import Submitted, wait

Answer = TypeVar("Answer")


def deliver(
    submitted: Submitted,
    until: float,
    show: Callable[[Rows], Answer],
    api: ApiContext,
    undelivered: Undelivered,
) -> Answer | None:
    """Return what ``show`` makes of the rows of a request that has ended, or raise what refused it.

    ``None`` if there is no answer by ``until``: a repeat without an id gets it then, whenever it
    comes in the window of the request. So does the repeat of a call that broke while it was shown.
    """
    rows: Rows | None = None
    try:
        rows = wait(submitted, until, api)
        answer = None if rows is None else show(rows)
    except (Busy, StoreUnavailable):
        answer = None  # it is answered and paid: the caller looks again
    except ApiError:
        delivered(rows, undelivered)
        raise
    except Exception:
        _owe(submitted, undelivered)
        raise
    if answer is None:
        _owe(submitted, undelivered)
    else:
        delivered(rows, undelivered)
    return answer


def delivered(rows: Rows | None, undelivered: Undelivered) -> None:
    """Note that the end of a request has reached a caller; most requests need no note."""
    row = rows.get("REQUEST") if rows else None
    if row and is_owed(row) and has_ended(row):
        with suppress(StoreUnavailable):  # then the next repeat gets the same answer once more
            undelivered.clear(row["request_id"])


def _owe(submitted: Submitted, undelivered: Undelivered) -> None:
    if not submitted.is_named:  # who gave an id comes again with it
        with suppress(StoreUnavailable):  # while it runs, a repeat finds it all the same
            undelivered.note(submitted.identity.key)
