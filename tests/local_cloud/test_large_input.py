"""Requests that no state carries, on the local cloud: long prompts, pictures, uploads."""

from __future__ import annotations

import base64
import hashlib
import struct
import subprocess
import sys
import uuid
import zlib
from pathlib import Path
from typing import Any

import pytest
import requests

from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.test_forget import forget


@pytest.fixture(scope="module")
def acme(deployment: Deployment) -> Door:
    return door_of(deployment, "acme")


@pytest.fixture(scope="module")
def labs(deployment: Deployment) -> Door:
    return door_of(deployment, "labs")


def png(side: int) -> bytes:
    """Return a square picture of noise, about three bytes a pixel."""
    noise = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(side * side * 3 // 32))
    rows = b"".join(
        b"\0" + noise[row * side * 3 : (row + 1) * side * 3].ljust(side * 3, b"\0")
        for row in range(side)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 1))
        + chunk(b"IEND", b"")
    )


def about(url: str) -> list[dict[str, Any]]:
    text = {"type": "text", "text": "What is on this picture?"}
    return [{
        "role": "user", "content": [text, {"type": "image_url", "image_url": {"url": url}}],
    }]  # fmt: skip


def upload(deployment: Deployment, file: Path, tenant: str) -> str:
    bucket = {"ANSWERS_BUCKET": deployment.outputs["answers_bucket"]["name"]}
    done = subprocess.run(
        [sys.executable, "-m", "router", "upload", str(file), "--tenant", tenant],
        cwd=ROOT, env=deployment.cloud.env() | bucket, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def kept(deployment: Deployment, prefix: str) -> list[str]:
    found = deployment.client("s3").list_objects_v2(
        Bucket=deployment.outputs["answers_bucket"]["name"], Prefix=prefix
    )
    return [each["Key"] for each in found.get("Contents", [])]


def test_a_prompt_of_400_kb_is_answered_and_forgotten(deployment: Deployment, acme: Door) -> None:
    name = f"large-{uuid.uuid4().hex}"
    prompt = "Summarize this log in one line. " + "word " * 80_000

    answer = acme.call("POST", "/prompts", {"input": prompt, "request_id": name})
    again = acme.call("POST", "/prompts", {"input": prompt, "request_id": name})

    assert answer.status_code == 200, answer.text
    assert answer.json()["output"]
    assert again.json()["output"] == answer.json()["output"]
    assert len(kept(deployment, f"requests/acme/{name}/")) == 1
    done = forget(deployment, "--request-id", name, "--tenant", "acme")
    assert done["objects"] == 1
    assert kept(deployment, f"requests/acme/{name}/") == []


def test_a_picture_of_a_megabyte_is_answered(deployment: Deployment, acme: Door) -> None:
    picture = png(600)
    assert len(picture) > 1_000_000
    url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"

    answer = acme.call("POST", "/prompts", {"messages": about(url)})

    assert answer.status_code == 200, answer.text
    assert answer.json()["output"]


def test_the_protocols_take_a_long_prompt_and_a_file_put_with_a_signed_url(acme: Door) -> None:
    picture = png(310)
    offer = acme.call("POST", "/uploads", {
        "media_type": "image/png", "size": len(picture),
        "sha256": hashlib.sha256(picture).hexdigest(),
    })  # fmt: skip
    assert offer.status_code == 201, offer.text
    upload = offer.json()
    with requests.Session() as session:
        session.trust_env = False
        put = session.put(upload["url"], data=picture, headers=upload["headers"], timeout=60)
    assert put.status_code == 200, put.text
    [turn] = about(upload["s3"])
    turn["content"][0]["text"] += " " + "word " * 80_000

    answer = acme.call("POST", "/chat/completions", {"model": "auto", "messages": [turn]})

    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]


def test_an_upload_is_its_tenants_alone(
    deployment: Deployment, acme: Door, labs: Door, tmp_path: Path
) -> None:
    file = tmp_path / "chart.png"
    file.write_bytes(png(300))
    address = upload(deployment, file, "acme")
    elsewhere = address.replace(hashlib.sha256(file.read_bytes()).hexdigest(), "0" * 64)

    answer = acme.call("POST", "/prompts", {"messages": about(address)})
    others = labs.call("POST", "/prompts", {"messages": about(address)})
    missing = acme.call("POST", "/prompts", {"messages": about(elsewhere)})

    assert answer.status_code == 200, answer.text
    assert answer.json()["output"]
    assert (others.status_code, missing.status_code) == (400, 400)
    assert "no such upload of yours" in others.json()["error"]["message"]
    assert others.json()["error"]["message"] == missing.json()["error"]["message"]
