"""A request too large for the workflow travels as a pointer, and is the same request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.encoding import canonical_json
from router.errors import InvalidRequest
from router.intake.identity import Identity, payload_hash
from router.intake.stored_payload import (
    INLINE_BYTES,
    TRAVELS_BYTES,
    check_inline,
    payload_of,
    travelling,
)

LARGE = {"input": "word " * 80_000, "tenant": "acme"}
IDENTITY = Identity("acme", "r-1", payload_hash(LARGE))
OWN = "s3://answers-1/requests/acme/r-1/"


class Bucket:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def keep(self, key: str, body: bytes) -> str:
        address = f"s3://answers-1/requests/{key}/kept.json"
        self.objects[address] = body
        return address

    def put(self, address: str, payload: Any) -> str:
        self.objects[address] = json.dumps(payload).encode()
        return address


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def test_a_large_payload_travels_as_a_pointer_with_the_same_identity(bucket: Bucket) -> None:
    pointer = dict(travelling(LARGE, IDENTITY, bucket.keep))

    assert len(canonical_json(pointer)) < 400
    assert payload_hash(pointer) == payload_hash(LARGE)
    IDENTITY.check_input(json.dumps(pointer))


def test_the_pointer_leads_back_to_the_payload(bucket: Bucket) -> None:
    pointer = dict(travelling(LARGE, IDENTITY, bucket.keep))

    payload, address = payload_of(pointer, "run-1", bucket.objects.get)

    assert payload == LARGE | {"request_id": "r-1"}
    assert address == OWN + "kept.json"


def test_a_payload_that_a_state_carries_is_not_stored(bucket: Bucket) -> None:
    small = {"input": "x" * (TRAVELS_BYTES - 100), "tenant": "acme"}

    assert dict(travelling(small, IDENTITY, bucket.keep))["input"] == small["input"]
    assert bucket.objects == {}


def test_a_rerun_of_a_pointer_is_a_rerun_of_its_payload(bucket: Bucket) -> None:
    pointer = dict(travelling(LARGE, IDENTITY, bucket.keep)) | {"rerun": 2}

    payload, _ = payload_of(pointer, "run-1", bucket.objects.get)

    assert payload["rerun"] == 2
    assert IDENTITY.is_same(pointer)


def test_an_upload_of_its_tenant_may_be_the_request(bucket: Bucket) -> None:
    address = bucket.put("s3://answers-1/uploads/acme/a.json", {"input": "hi"})

    payload, _ = payload_of({"payload_s3": address, "tenant": "acme"}, "run-1", bucket.objects.get)

    assert payload == {"input": "hi", "tenant": "acme"}


@pytest.mark.parametrize(
    "address",
    [
        "s3://answers-1/uploads/other/a.json",
        "s3://answers-1/uploads/acme2/a.json",
        "s3://answers-1/requests/other/r-1/a.json",
        "s3://answers-1/requests/acme/r-12/a.json",
        "s3://answers-1/answers/acme/r-1/a.json",
        "s3://answers-1/uploads/acme/missing.json",
        7,
    ],
)
def test_what_is_not_this_requests_or_its_tenants_is_not_there(
    bucket: Bucket, address: Any
) -> None:
    if isinstance(address, str) and "missing" not in address:
        bucket.put(address, {"input": "secret"})
    pointer = {"payload_s3": address, "tenant": "acme", "request_id": "r-1"}

    with pytest.raises(InvalidRequest, match="no such upload of yours"):
        payload_of(pointer, "run-1", bucket.objects.get)


def test_another_payload_than_the_pointers_is_refused(bucket: Bucket) -> None:
    pointer = dict(travelling(LARGE, IDENTITY, bucket.keep))
    bucket.put(pointer["payload_s3"], {"input": "another", "tenant": "acme"})

    with pytest.raises(InvalidRequest, match="payload_hash"):
        payload_of(pointer, "run-1", bucket.objects.get)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([1], "JSON object"),
        ({"payload_s3": "s3://answers-1/uploads/acme/b.json"}, "JSON object"),
        ({"input": "hi", "tenant": "other"}, "tenant"),
    ],
)
def test_what_is_no_request_of_the_tenant_is_refused(
    bucket: Bucket, stored: Any, message: str
) -> None:
    address = bucket.put("s3://answers-1/uploads/acme/a.json", stored)

    with pytest.raises(InvalidRequest, match=message):
        payload_of({"payload_s3": address, "tenant": "acme"}, "run-1", bucket.objects.get)


def test_a_field_beside_a_pointer_is_not_dropped_in_silence(bucket: Bucket) -> None:
    with pytest.raises(InvalidRequest, match="leave 1 out"):
        payload_of({"payload_s3": OWN, "max_tokens": 5}, "run-1", bucket.objects.get)


def test_a_payload_that_no_state_carries_says_where_to_put_it() -> None:
    check_inline({"input": "x" * (INLINE_BYTES - 100)})

    with pytest.raises(InvalidRequest, match="faregate upload"):
        check_inline({"input": "x" * INLINE_BYTES})
