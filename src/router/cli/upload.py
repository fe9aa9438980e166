"""``upload``: a picture, a document or a whole request for requests to name; prints its address."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.cli.arguments import UsageError, tenant
from cost_calculator.cli.deployment import open_deployment
from cost_calculator.cli.options import add_deployment_arguments, add_json_argument
from cost_calculator.row_keys import DEFAULT_TENANT
from router.aws.input_bucket import InputStore
from router.errors import InvalidRequest, StoreUnavailable
from router.intake.uploads import upload_of


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        type=Path,
        help="a picture, a document, or a request as JSON",
    )
    parser.add_argument(
        "--tenant", type=tenant, default=DEFAULT_TENANT,
        help="the tenant whose requests may name it (%(default)s)",
    )  # fmt: skip
    add_json_argument(parser)
    add_deployment_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    try:
        content = arguments.file.read_bytes()
        path, media_type = upload_of(arguments.tenant, arguments.file.name, content)
    except OSError as error:
        raise UsageError(f"{arguments.file} cannot be read: {error.strerror}") from None
    except InvalidRequest as error:
        raise UsageError(str(error)) from None
    deployment = open_deployment(arguments)
    store = InputStore(lambda: deployment.client("s3"), deployment.answers_bucket, len(content))
    try:
        address = store.put(path, content, media_type)
    except (StoreUnavailable, ClientError, BotoCoreError) as error:
        raise SystemExit(f"S3 did not take it: {error}") from None
    found = {"s3": address, "media_type": media_type, "bytes": len(content)}
    print(json.dumps(found) if arguments.json else address)
    return 0
