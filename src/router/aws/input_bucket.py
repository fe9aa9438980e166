"""Requests and uploads in the answers' bucket: what is asked and is too large to travel."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of, is_missing_object
from cost_calculator.row_keys import request_id_of, tenant_of
from router.aws.answers_bucket import s3_client
from router.errors import InvalidRequest, StoreUnavailable
from router.intake.stored_payload import path_of, requests_folder


class InputStore:
    """The answers' bucket. Its lifecycle deletes what it holds when stored text expires.

    ``most`` is the bytes that an object may have.
    """

    def __init__(self, client: Callable[[], Any], bucket: str, most: int) -> None:
        self._client = client
        self._bucket = bucket
        self._most = most

    def keep(self, key: str, body: bytes) -> str:
        """Store a request's payload and return its address; the same payload has the same one.

        Raise ``StoreUnavailable``.
        """
        folder = requests_folder(tenant_of(key), request_id_of(key))
        path = f"{folder}{hashlib.sha256(body).hexdigest()[:32]}.json"
        return self.put(path, body, "application/json")

    def put(self, path: str, body: bytes, media_type: str) -> str:
        """Store an object and return its address; raise ``StoreUnavailable``."""
        try:
            self._client().put_object(
                Bucket=self._bucket, Key=path, Body=body, ContentType=media_type
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(_name(error)) from error
        return f"s3://{self._bucket}/{path}"

    def sign(
        self, path: str, media_type: str, sha256: str, size: int, seconds: int
    ) -> tuple[str, str, dict[str, str]]:
        """Return an object's address, and URL and headers of a PUT that S3 takes with exactly this
        content: type, length and digest are signed."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        headers = {
            "content-type": media_type,
            "content-length": str(size),
            "x-amz-checksum-sha256": checksum,
        }
        url = self._client().generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": path,
                "ContentType": media_type,
                "ContentLength": size,
                "ChecksumSHA256": checksum,
            },
            ExpiresIn=seconds,
        )
        return f"s3://{self._bucket}/{path}", str(url), headers

    def read(self, address: str) -> bytes | None:
        """Return an object of this bucket, ``None`` if there is none any more.

        Raise ``InvalidRequest`` if it is too large, and ``StoreUnavailable`` if S3 does not answer.
        """
        if not address.startswith(f"s3://{self._bucket}/"):
            return None
        try:
            found = self._client().get_object(Bucket=self._bucket, Key=path_of(address))
            if (size := int(found["ContentLength"])) > self._most:
                raise InvalidRequest(
                    f"the upload takes {size} bytes and may take {self._most}: make it smaller"
                )
            return bytes(found["Body"].read())
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and is_missing_object(error):
                return None
            raise StoreUnavailable(_name(error)) from error


def _name(error: ClientError | BotoCoreError) -> str:
    known = code_of(error) if isinstance(error, ClientError) else None
    return known or type(error).__name__


def stored_input(address: str) -> bytes | None:
    """Return an object of the deployment's own bucket; see ``InputStore.read``."""
    return input_store().read(address)


@lru_cache(maxsize=1)
def input_store() -> InputStore:
    """Return the deployment's store; its client is made when the first large request comes."""
    most = int(os.environ["PAYLOAD_BYTES_LIMIT"])
    return InputStore(s3_client, os.environ["ANSWERS_BUCKET"], most)
