"""The names of runs; an execution's follows from its request, so that nobody takes it. Pure."""

from __future__ import annotations

import hashlib
import json
import re

# Step Functions takes 80 characters; CloudWatch shows the names of these alone.
_UNREADABLE = re.compile(r"[^0-9A-Za-z_-]")
_READABLE = 47
_DIGITS = 32
_DIRECT = "direct:"


def execution_name(tenant: str, request_id: str, run: int = 1, turn: int | str = 0) -> str:
    """Return the name of an execution for a tenant's request.

    ``run`` is the run of a request that failed. ``turn`` distinguishes the starts of one run, if an
    earlier one was refused before it was accepted. It begins with the id, for people to read; the
    128 bits of hash behind it decide.
    """
    derived = json.dumps([tenant, request_id, run, turn]).encode()
    digest = hashlib.sha256(derived).hexdigest()[:_DIGITS]
    return f"{_UNREADABLE.sub('_', request_id[:_READABLE])}-{digest}"


def direct_run(invocation: str) -> str:
    """Return what a row names in place of an execution: the invocation that carries the run."""
    return f"{_DIRECT}{invocation}"


def is_direct(execution_arn: str) -> bool:
    """Return whether one function carried a run, without an execution."""
    return execution_arn.startswith(_DIRECT)
