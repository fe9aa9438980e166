"""A file is put below its tenant's prefix, with exactly the content that was announced."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from router.aws.input_bucket import InputStore
from router.encoding import canonical_json
from tests.fakes.api import Aws, Client

CONTENT = b"%PDF-1.7"
FILE = {
    "media_type": "application/pdf", "size": len(CONTENT),
    "sha256": hashlib.sha256(CONTENT).hexdigest(),
}  # fmt: skip


def client(**changes: Any) -> Client:
    return Client(Aws(), changes=changes)


def test_an_upload_has_an_address_below_the_callers_own_tenant() -> None:
    status, body, _ = client().call("POST", "/uploads", FILE, tenant="labs")

    assert status == 201
    assert body["s3"] == f"s3://answers-1/uploads/labs/{FILE['sha256']}.pdf"
    assert (body["method"], body["expires_in"]) == ("PUT", 300)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"media_type": "video/mp4"}, 400),
        ({"sha256": "../other/file"}, 400),
        ({"size": 0}, 400),
        ({"tenant": "other"}, 400),
        ({"size": 300_001}, 413),
    ],
)
def test_what_no_request_could_name_is_refused(change: dict[str, Any], status: int) -> None:
    assert client().call("POST", "/uploads", FILE | change)[0] == status


def test_the_url_signs_type_length_and_digest_so_that_nothing_else_can_be_put() -> None:
    s3 = boto3.client(
        "s3", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y",
        config=Config(signature_version="s3v4"),
    )  # fmt: skip
    store = InputStore(lambda: s3, "answers-1", 1000)

    _, url, headers = store.sign("uploads/a/b.pdf", "application/pdf", str(FILE["sha256"]), 8, 300)

    query = parse_qs(urlsplit(url).query)
    signed = query["X-Amz-SignedHeaders"][0].split(";")
    assert {"content-length", "content-type", "host", "x-amz-checksum-sha256"} <= set(signed)
    assert query["X-Amz-Expires"] == ["300"]
    assert (
        headers["x-amz-checksum-sha256"]
        == base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    )


def test_a_large_prompt_starts_an_execution_with_its_address() -> None:
    aws = Aws()
    prompt = {"input": "word " * 40_000, "request_id": "r-1"}

    status, _, _ = Client(aws, changes={"input_bytes_limit": 300_000}).call(
        "POST", "/prompts", prompt, query={"mode": "async"}
    )

    [address] = aws.kept
    [run] = aws.runs.values()
    assert status == 202
    assert address in run.input
    assert len(run.input) < 500
    assert aws.kept[address] == canonical_json({**prompt, "tenant": "acme"})
