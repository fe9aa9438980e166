"""A chat in the terminal with the cloud that `make up` left running, over its HTTP API.

    python -m local.chat [--model SIMPLE]

The session has a key of its own, of the tenant `chat`, which is deleted at the end.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from cost_calculator.aws.items import to_item
from local import cloud
from local.deployment import Deployment, existing
from local.isolation import isolate
from router.cli.chat import Chat
from router.cli.chat_stream import Api
from router.ingress.api.bearer_keys import key_item, new_key

TENANT = "chat"


def main(arguments: list[str]) -> int:
    """Chat until stdin ends; 1 if a turn failed, 2 without a cloud."""
    parser = argparse.ArgumentParser(prog="python -m local.chat", description=__doc__)
    parser.add_argument("--model", default="auto", help="auto, or a tier (%(default)s)")
    model = parser.parse_args(arguments).model
    isolate()
    running = cloud.running()
    if running is None:
        print("no local cloud runs in this checkout: make up", file=sys.stderr)
        return 2
    deployment = existing(running)
    try:
        with key_of(deployment, TENANT) as key:
            return Chat(Api(deployment.api_url, key, model)).run()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


@contextmanager
def key_of(deployment: Deployment, tenant: str) -> Iterator[str]:
    """Yield a Bearer key that is valid until the block ends."""
    table, key = deployment.client("dynamodb"), new_key()
    item = key_item(key, tenant, "make chat", datetime.now(UTC))
    table.put_item(TableName=deployment.control_table, Item=to_item(item))
    try:
        yield key
    finally:
        name = to_item({"key": item["key"]})
        table.delete_item(TableName=deployment.control_table, Key=name)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
