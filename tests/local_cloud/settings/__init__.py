"""What each setting of the module changes in a deployment like `examples/local`, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from tests.local_cloud.settings.in_place import IN_PLACE
from tests.local_cloud.settings.made import MADE
from tests.local_cloud.settings.off import OFF
from tests.local_cloud.settings.other import OTHER
from tests.local_cloud.settings.own import OWN

# Another name is another deployment: all is made anew, but for these.
KEPT_UNDER_ANOTHER_NAME = (
    "aws_api_gateway_",
    "aws_apigatewayv2_",
    "aws_cloudwatch_log_group.api_execution[0]",
    "aws_cloudwatch_log_group.websocket_execution[0]",
    "aws_kms_key.this[0]",
)

GROUPS = {"in place": IN_PLACE, "made": MADE, "own": OWN, "off": OFF, "other": OTHER}
# Planned by itself (test_lifecycle.py).
RENAMED = ("name",)
# Nothing is brought to the deployment as it stands; OWN brings it.
BROUGHT = ("kms_key", "notifications")


def settings() -> Iterator[str]:
    """The paths of all settings of the table, with `*` for names and places of their own."""
    for group in GROUPS.values():
        yield from group.settings
    yield from (*RENAMED, *BROUGHT)
