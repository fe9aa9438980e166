"""What the commands share that are about one request: its tenant and id name its rows."""

from __future__ import annotations

import argparse

from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from router.intake.identity import is_request_id, is_tenant


def add_tenant_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that says whose request an id is."""
    parser.add_argument(
        "--tenant", default=DEFAULT_TENANT, metavar="NAME", help="whose request it is (%(default)s)"
    )


def request_key(tenant: str, request_id: str) -> str:
    """Return the key of a request's rows; exit with one line where there can be none."""
    if not is_tenant(tenant):
        raise SystemExit("a tenant is named by up to 64 letters, digits, _, ., @ and -")
    if not is_request_id(request_id):
        raise SystemExit("a request id has up to 80 letters, digits, _ and -: name a tenant apart")
    return key_of(tenant, request_id)
