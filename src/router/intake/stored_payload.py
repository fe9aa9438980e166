"""A payload that is too large for the workflow: kept in S3, it travels as a pointer. Pure.

A pointer is ``{"payload_s3", "payload_hash", "tenant", "request_id", "rerun"}``. It means its
payload: the hash is the payload's, so that ids, repeats and reruns treat both as the same request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cost_calculator.row_keys import DEFAULT_TENANT, folder_of, key_of
from router.encoding import canonical_json, size_in_bytes
from router.errors import InvalidRequest
from router.intake.identity import Identity, is_pointer, is_request_id, is_tenant, payload_hash

TRAVELS_BYTES = 131_072
"""Bytes of JSON up to which an entry hands a payload on as it is."""

INLINE_BYTES = 212_992
"""Bytes of JSON that a state carries beside the plan, of the 256 KiB that it may have."""

_MOST_BYTES = 6
"""Bytes of a character as JSON at most: an escape."""

_FIELDS = {"payload_s3", "payload_hash", "tenant", "request_id", "rerun"}
_NO_UPLOAD = "there is no such upload of yours"

Read = Callable[[str], bytes | None]
"""Reads an ``s3://`` address of the deployment's own bucket; ``None`` if nothing is there."""


def requests_folder(tenant: str, request_id: str) -> str:
    """Return the path below which a request's payload is kept."""
    return f"requests/{folder_of(key_of(tenant, request_id))}/"


def uploads_folder(tenant: str) -> str:
    """Return the path below which a tenant's uploads are kept."""
    return f"uploads/{tenant}/"


def path_of(address: str) -> str:
    """Return the path of an ``s3://`` address within its bucket."""
    return address.removeprefix("s3://").partition("/")[2]


def travelling(
    payload: Mapping[str, Any], identity: Identity, keep: Callable[[str, bytes], str]
) -> Mapping[str, Any]:
    """Return a run's input: the payload with its id, or a pointer to where it was kept.

    ``keep`` stores a body for a request's key and returns its address.
    """
    named = {**payload, "request_id": identity.request_id}
    text = canonical_json(named)
    if len(text) <= TRAVELS_BYTES:
        return named
    return {
        "payload_s3": keep(identity.key, text),
        "payload_hash": identity.payload_hash,
        "tenant": identity.tenant,
        "request_id": identity.request_id,
    }


def check_inline(payload: Any) -> None:
    """Raise ``InvalidRequest`` for a payload that is too large to travel as it is."""
    if _characters(payload) * _MOST_BYTES < INLINE_BYTES:
        return  # as most are: nobody writes them as JSON to count
    if (size := size_in_bytes(payload)) > INLINE_BYTES:
        raise InvalidRequest(
            f"the request takes {size} bytes of JSON, and an execution carries {INLINE_BYTES}: send"
            " it to the HTTP API or by `faregate ask`, or upload it (`faregate upload`) and start"
            ' the execution with {"payload_s3": "s3://…"}'
        )


def _characters(value: Any) -> int:
    """Return about how many characters a JSON value has, rather too many than too few."""
    if isinstance(value, str):
        return len(value) + 4
    if isinstance(value, Mapping):
        return 2 + sum(_characters(name) + _characters(part) for name, part in value.items())
    if isinstance(value, list):
        return 2 + sum(map(_characters, value)) + len(value)
    return len(str(value)) + 2


def check_no_pointer(payload: Any, entry: str) -> None:
    """Raise ``InvalidRequest`` for a pointer at an entry that takes none: ``entry`` names it."""
    if isinstance(payload, Mapping) and "payload_s3" in payload:
        raise InvalidRequest(
            f"`payload_s3` has no place in {entry}, which holds its request: start an execution"
            " with it, or send the request to the HTTP API; files may be `s3://` addresses here too"
        )


def payload_of(given: Any, execution_name: str, read: Read) -> tuple[Any, str | None]:
    """Return the payload that an execution's input means, and its address if it has one.

    Raise ``InvalidRequest`` for an address that is not this request's or one of its tenant's
    uploads, or if what is there is another payload.
    """
    if not (isinstance(given, Mapping) and "payload_s3" in given):
        return given, None
    if unknown := given.keys() - _FIELDS:
        raise InvalidRequest(
            f"a request with `payload_s3` has its other fields there: leave {len(unknown)} out"
        )
    address = given["payload_s3"]
    tenant = given.get("tenant", DEFAULT_TENANT)
    request_id = given.get("request_id", execution_name)
    payload = _read(address, tenant, request_id, read)
    if payload.get("tenant", tenant) != tenant:
        raise InvalidRequest("`tenant` must be the one in the payload at `payload_s3`")
    payload = {name: value for name, value in payload.items() if name not in ("rerun",)}
    about = {name: given[name] for name in ("tenant", "request_id", "rerun") if name in given}
    payload = {**payload, **about}
    if is_pointer(given) and payload_hash(payload) != given["payload_hash"]:
        raise InvalidRequest("`payload_hash` is not that of the payload at `payload_s3`")
    return payload, str(address)


def _read(address: Any, tenant: Any, request_id: Any, read: Read) -> dict[str, Any]:
    known = (
        isinstance(address, str)
        and isinstance(tenant, str)
        and is_tenant(tenant)
        and isinstance(request_id, str)
        and is_request_id(request_id)
    )
    folders = (requests_folder(tenant, request_id), uploads_folder(tenant)) if known else ()
    # One answer to all of these: nobody learns what another tenant has.
    content = read(address) if known and path_of(address).startswith(folders) else None
    if content is None:
        raise InvalidRequest(f"`payload_s3`: {_NO_UPLOAD}")
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict) or "payload_s3" in payload:
        raise InvalidRequest("`payload_s3` must be the address of a request: a JSON object")
    return payload
