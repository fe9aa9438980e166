"""Files by address: their tenant's alone, and what their bytes say they are."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest

from router.conversation.blocks import Document, Image
from router.errors import InvalidRequest
from router.intake.uploads import looked_at, upload_of, with_bytes
from tests.support.factories import request

PNG = (
    b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 640, 480) + b"\x08"
)
MOST = 10_000


def at(name: str, content: bytes, tenant: str = "acme") -> str:
    path, _ = upload_of(tenant, name, content)
    return f"s3://answers-1/{path}"


def naming(*addresses: str, kind: str = "file", **facts: Any) -> Any:
    parts = [
        {"type": "file", "file": {"file_data": each, **facts}}
        if kind == "file"
        else {"type": "image_url", "image_url": {"url": each, **facts}}
        for each in addresses
    ]
    return request({"messages": [{"role": "user", "content": parts}]}).conversation


def test_what_a_file_is_follows_from_its_bytes_and_not_from_its_caller() -> None:
    address = at("chart.png", PNG)
    asked = naming(address, kind="image_url", media_type="image/gif", size=1, width=1, height=1)

    [found] = looked_at(asked, "acme", {address: PNG}.get, MOST).media

    assert isinstance(found, Image)
    assert (found.media.media_type, found.media.width, found.media.height) == (
        "image/png", 640, 480,
    )  # fmt: skip
    assert (found.media.size, found.media.s3, found.media.data) == (len(PNG), address, None)
    assert found.media.sha256 == hashlib.sha256(PNG).hexdigest()


def test_a_text_document_has_the_type_of_its_ending() -> None:
    address = at("notes.md", b"# Notes")

    [found] = looked_at(naming(address), "acme", {address: b"# Notes"}.get, MOST).media

    assert isinstance(found, Document)
    assert found.media.media_type == "text/markdown"


def test_a_call_has_the_bytes_read_once_for_a_file_that_is_named_twice() -> None:
    address, reads = at("chart.png", PNG), []

    def read(asked: str) -> bytes:
        reads.append(asked)
        return PNG

    first, second = with_bytes(naming(address, address), "acme", read).media

    assert first.media.bytes == second.media.bytes == PNG
    assert reads == [address]


@pytest.mark.parametrize(
    "address",
    [
        at("chart.png", PNG, "other"),
        "s3://answers-1/answers/acme/r-1/a.txt",
        "s3://answers-1/uploads/acme/chart.png",
        at("chart.png", PNG + b"another"),
        at("missing.png", PNG + b"missing"),
    ],
)
def test_anything_but_an_own_upload_is_refused_in_the_same_words(address: str) -> None:
    objects = {} if "missing" in address else {address: PNG}

    with pytest.raises(InvalidRequest, match="no such upload of yours"):
        looked_at(naming(address), "acme", objects.get, MOST)


def test_a_document_given_as_a_picture_is_refused() -> None:
    address = at("notes.md", b"# Notes")

    with pytest.raises(InvalidRequest, match="part of type file"):
        looked_at(naming(address, kind="image_url"), "acme", {address: b"# Notes"}.get, MOST)


def test_files_have_a_limit_together() -> None:
    first, second = at("a.md", b"a" * 6_000), at("b.md", b"b" * 6_000)
    objects = {first: b"a" * 6_000, second: b"b" * 6_000}

    with pytest.raises(InvalidRequest, match="over 10000 bytes"):
        looked_at(naming(first, second), "acme", objects.get, MOST)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"no picture", "is not"),
        ("a.exe", b"MZ", "give a picture"),
        ("a.json", b"[1]", "JSON object"),
        ("a.png", b"", "empty"),
    ],
)
def test_what_no_model_reads_is_not_uploaded(name: str, content: bytes, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        upload_of("acme", name, content)


def test_the_same_file_has_the_same_address() -> None:
    assert at("chart.PNG", PNG) == at("other-name.png", PNG)
