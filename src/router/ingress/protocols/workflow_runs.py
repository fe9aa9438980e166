"""Which run of a workflow a request of a protocol is a step of, by its headers. Pure.

``x-faregate-parent: trip-7`` names the run, ``x-faregate-workflow: trips; step=plan;
max_cost_usd=0.05`` says more about it: the fields ``parent_id`` and ``workflow`` of a request,
which no client's own body has.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from router.errors import InvalidRequest

_PARAMETERS = ("step", "max_cost_usd")


def run_in(parent: str | None, workflow: str | None) -> dict[str, Any]:
    """Return the fields of a request that the headers give; raise ``InvalidRequest``.

    What a name or a limit may be, the request's own schema checks.
    """
    fields: dict[str, Any] = {} if parent is None else {"parent_id": parent.strip()}
    return fields if workflow is None else {**fields, "workflow": _read(workflow)}


def _read(header: str) -> dict[str, Any]:
    name, *parameters = (part.strip() for part in header.split(";"))
    about: dict[str, Any] = {"name": name}
    for parameter in filter(None, parameters):
        key, _, value = (part.strip() for part in parameter.partition("="))
        if key not in _PARAMETERS or key in about:
            raise _unreadable()
        about[key] = _usd(value) if key == "max_cost_usd" else value
    return about


def _usd(value: str) -> float:
    try:
        usd = float(value)
    except ValueError:
        raise _unreadable() from None
    if not isfinite(usd):
        raise _unreadable()
    return usd


def _unreadable() -> InvalidRequest:
    return InvalidRequest(
        "write the header `X-Faregate-Workflow` as `name`, then `; step=` and `; max_cost_usd=`"
        " if you need them: `trips; step=plan; max_cost_usd=0.05`"
    )
