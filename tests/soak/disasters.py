"""What AWS does to a soak: deaths of functions, ends of runs, records that come again."""

from __future__ import annotations

import time
from collections import Counter

from botocore.exceptions import ClientError

from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator
from tests.soak.doors import Sent
from tests.soak.plan import STREAMS, Ask

KILLED = ("invoke_model", "price_rows", "analyze", "record_outcome", "converse")


def strike(deployment: Deployment, emulator: Emulator, ask: Ask, sent: Sent | None) -> Counter[str]:
    """Do what the plan has for a request; return what was done.

    A stream is carried by `converse`, which dies in the place of its model call and of its run.
    """
    disaster = str(ask.disaster)
    if ask.door in STREAMS and disaster in ("abort", "invoke_model"):
        disaster = "converse"
    elif disaster == "abort" and (sent is None or sent.arn is None):
        disaster = "invoke_model"
    if disaster == "abort" and sent and sent.arn:
        time.sleep(ask.after_ms / 1000)
        try:
            deployment.client("stepfunctions").stop_execution(executionArn=sent.arn)
        except ClientError:  # over already
            return Counter(["abort", "abort, too late"])
    elif disaster == "replay":
        emulator.streams(replay=True)
    elif disaster == "shuffle":
        emulator.streams(duplicate=1, shuffle=ask.after_ms)
    else:
        emulator.kill(disaster, after_ms=ask.after_ms)
    return Counter([disaster])


def calm(emulator: Emulator) -> None:
    """Call off what has not happened yet."""
    for function in KILLED:
        emulator.kill(function, count=0)
    emulator.streams(duplicate=0, shuffle=None)
