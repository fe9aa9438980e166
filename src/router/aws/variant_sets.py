"""The files of a run over many variants, below ``runs/`` of the answers bucket.

Each execution of the run writes them again; the bucket's lifecycle deletes them with all other
texts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of, is_missing_object
from cost_calculator.row_keys import folder_of
from router.aws.answers_bucket import answer_store, s3_client
from router.aws.input_bucket import InputStore
from router.errors import InvalidRequest, StoreUnavailable
from router.intake.stored_payload import path_of
from router.workflows.run import Run

MOST_FILE_BYTES = 10_000_000


class SetFiles:
    """The bucket; its client is made when the first file is read or written."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self._texts = answer_store(bucket)
        self._objects = InputStore(s3_client, bucket, MOST_FILE_BYTES)

    def variants(self, address: str) -> str:
        """Return the file of variants, or raise ``InvalidRequest`` with what to do."""
        prefix = f"s3://{self.bucket}/variants/"
        if not address.startswith(prefix):
            raise InvalidRequest(f"put the file below {prefix}, and write its address")
        body = self._read_file(address)
        if body is None:
            raise InvalidRequest(f"there is no {address}: put the file there first")
        if len(body) > MOST_FILE_BYTES:
            raise InvalidRequest(f"{address} has more than {MOST_FILE_BYTES} bytes: split it")
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"{address} is no UTF-8 at byte {error.start}") from None

    def put_groups(self, run: Run, groups: Sequence[Mapping[str, Any]]) -> str:
        """Store the inputs of a run's groups, as the Map reads them; return the key."""
        return path_of(self._put(run, "groups", groups))

    def groups(self, run: Run) -> list[dict[str, Any]]:
        """Return the inputs of a run's groups."""
        groups: list[dict[str, Any]] = self._get(run, "groups")
        return groups

    def put_group(self, run: Run, record: Mapping[str, Any]) -> None:
        """Store what a group came to."""
        self._put(run, f"group-{record['group']}", record)

    def records(self, run: Run, groups: Iterable[int]) -> list[dict[str, Any]]:
        """Return what groups came to."""
        return [self._get(run, f"group-{group}") for group in groups]

    def put_results(self, run: Run, results: Mapping[str, Any]) -> str:
        """Store what every variant came to; return the address."""
        return self._put(run, "results", results)

    def _get(self, run: Run, name: str) -> Any:
        address = f"s3://{self.bucket}/{_path(run, name)}"
        text = self._texts.get(address)
        if text is None:
            raise InvalidRequest(f"{address} is gone: start the run again")
        return json.loads(text)

    def _put(self, run: Run, name: str, content: Any) -> str:
        body = json.dumps(content, ensure_ascii=False).encode()
        return self._objects.put(_path(run, name), body, "application/json")

    def _read_file(self, address: str) -> bytes | None:
        """Return a file, read no further than it may be long; ``None`` if it is not there."""
        try:
            found = s3_client().get_object(Bucket=self.bucket, Key=path_of(address))
            body: bytes = found["Body"].read(MOST_FILE_BYTES + 1)
        except ClientError as error:
            if is_missing_object(error):
                return None
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        return body


def set_files() -> SetFiles:
    """Return the files of this function's environment."""
    return SetFiles(os.environ["ANSWERS_BUCKET"])


def _path(run: Run, name: str) -> str:
    return f"runs/{folder_of(run.key)}/{name}.json"
