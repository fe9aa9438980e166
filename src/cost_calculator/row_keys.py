"""The key that a request's rows are stored under: its id, which is its tenant's own. Pure.

Every tenant has a namespace of ids. The tenant ``default`` is the one without a prefix, so that a
deployment that has no other stores plain ids. The attribute is called ``request_id`` nevertheless.
"""

from __future__ import annotations

DEFAULT_TENANT = "default"
_SEPARATOR = "/"


def key_of(tenant: str, request_id: str) -> str:
    """Return the key of a tenant's request; no two requests share one.

    Raise ``ValueError`` for a name that holds the separator: neither a tenant nor an id may.
    """
    if not tenant or _SEPARATOR in tenant or _SEPARATOR in request_id:
        raise ValueError("neither a tenant nor a request id may be empty or hold a slash")
    return request_id if tenant == DEFAULT_TENANT else f"{tenant}{_SEPARATOR}{request_id}"


def request_id_of(key: str) -> str:
    """Return the id that its tenant uses."""
    return key.rpartition(_SEPARATOR)[2]


def tenant_of(key: str) -> str:
    """Return whose request a key is."""
    return key.rpartition(_SEPARATOR)[0] or DEFAULT_TENANT


def folder_of(key: str) -> str:
    """Return the path below which a request's objects are stored.

    It always names the tenant: else the id ``acme`` of the tenant ``default`` would be a prefix of
    all that belongs to the tenant ``acme``.
    """
    return f"{tenant_of(key)}{_SEPARATOR}{request_id_of(key)}"
