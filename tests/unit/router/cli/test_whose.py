"""A command names a request by its tenant and the plain id."""

from __future__ import annotations

import pytest

from router.cli.whose import request_key


def test_the_id_alone_is_that_of_the_default_tenant() -> None:
    assert request_key("default", "r-1") == "r-1"
    assert request_key("acme", "r-1") == "acme/r-1"


@pytest.mark.parametrize(
    ("tenant", "request_id", "says"),
    [("default", "acme/r-1", "tenant"), ("a/b", "r-1", "a tenant is named"), ("", "r", "a tenant")],
)
def test_what_can_be_no_tenant_or_id_is_refused_in_one_line(
    tenant: str, request_id: str, says: str
) -> None:
    with pytest.raises(SystemExit, match=says):
        request_key(tenant, request_id)
