"""Whose request it is, and whether two requests are the same one. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from router.conversation.digest import by_content
from router.encoding import canonical_json, json_object
from router.errors import Conflict

_ID = re.compile(r"[0-9A-Za-z_-]{1,80}")
_TENANT = re.compile(r"[0-9A-Za-z_.@-]{1,64}")
ABOUT_THE_RUN = frozenset({"request_id", "rerun"})
"""The fields of a request that are about this run of it alone."""
# A run or session that reached its `max_cost_usd` may go on with a higher one: its requests stay
# the same.
_NOT_DECISIVE = ABOUT_THE_RUN | {"workflow", "session"}


@dataclass(frozen=True, slots=True)
class Identity:
    """A tenant's request: its id, and the SHA-256 of everything that decides its answer.

    An id means something together with its tenant alone. Under one id a tenant has one payload.
    """

    tenant: str
    request_id: str
    payload_hash: str

    @property
    def key(self) -> str:
        """The key of its rows."""
        return key_of(self.tenant, self.request_id)

    def check_row(self, row: Mapping[str, Any]) -> None:
        """Raise ``Conflict`` unless a REQUEST row is this request's."""
        owner = (row.get("tenant"), row.get("payload_hash"))
        self._check(is_same=owner == (self.tenant, self.payload_hash))

    def check_input(self, text: str) -> None:
        """Raise ``Conflict`` unless a run with this input was started for this request."""
        payload = json_object(text)
        is_id = payload.get("request_id", self.request_id) == self.request_id
        self._check(is_same=is_id and self.is_same(payload))

    def is_same(self, payload: Mapping[str, Any]) -> bool:
        """Return whether a payload is the same request of the same tenant, under any id."""
        tenant = payload.get("tenant", DEFAULT_TENANT)
        return (tenant, payload_hash(payload)) == (self.tenant, self.payload_hash)

    def _check(self, *, is_same: bool) -> None:
        if not is_same:
            raise Conflict(
                f"request_id {self.request_id} was used with another payload:"
                " give a new request_id, or leave it out"
            )


def is_request_id(text: str) -> bool:
    """Return whether a text may be the id of a request."""
    return _ID.fullmatch(text) is not None


def is_tenant(text: str) -> bool:
    """Return whether a text may be the name of a tenant."""
    return _TENANT.fullmatch(text) is not None


def requested_key(payload: Any, execution_name: str) -> str:
    """Return the key that the rows of a run's request have, if it has any; no field is trusted."""
    request_id = requested_id(payload, execution_name)
    tenant = payload.get("tenant", DEFAULT_TENANT) if isinstance(payload, Mapping) else None
    is_valid = isinstance(tenant, str) and is_tenant(tenant) and is_request_id(request_id)
    return key_of(str(tenant), request_id) if is_valid else request_id


def requested_id(payload: Any, execution_name: str) -> str:
    """Return the id that identifies a request in logs, before the rest of it is parsed.

    An invalid ``request_id`` may hold anything, even text of a prompt; the execution's name is used
    then.
    """
    given = payload.get("request_id") if isinstance(payload, Mapping) else None
    return given if isinstance(given, str) and is_request_id(given) else execution_name


def is_pointer(payload: Mapping[str, Any]) -> bool:
    """Return whether a payload says where the request is kept, and its hash."""
    return "payload_s3" in payload and isinstance(payload.get("payload_hash"), str)


def payload_hash(payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of all that decides an answer, and of which workflow run it is a step and
    of which session: neither the id nor which run it is.

    A pointer has that of its payload; ``analyze`` checks it.
    """
    if is_pointer(payload):
        return str(payload["payload_hash"])
    decisive = {name: value for name, value in payload.items() if name not in _NOT_DECISIVE}
    return hashlib.sha256(canonical_json(by_content(decisive))).hexdigest()
