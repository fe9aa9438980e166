"""The options that commands share: which deployment, with whose rights, and JSON.

They may be given before the command or after it. Their defaults are set once, after both places
were read, so that the second place does not undo the first.
"""

from __future__ import annotations

import argparse
from typing import Any

from cost_calculator.cli.arguments import matching

DEFAULT_NAME = "faregate"

_DEFAULTS: dict[str, Any] = {
    "name": None,
    "outputs": None,
    "local": False,
    "region": None,
    "profile": None,
    "endpoint_url": None,
    "json": False,
}
_name = matching(r"[0-9A-Za-z-]{1,40}", "the module's `name`, such as faregate")


def add_deployment_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that select the deployment is meant, and with whose rights."""
    group = parser.add_argument_group(
        "deployment",
        "Without these: the local cloud of this checkout while it runs (`make up`), else AWS.",
    )
    which = group.add_mutually_exclusive_group()

    def add(target: Any, *flags: str, **how: Any) -> None:
        target.add_argument(*flags, default=argparse.SUPPRESS, **how)

    add(which, "--name", type=_name, help=f"its name (FAREGATE_NAME, else {DEFAULT_NAME})")
    add(which, "--outputs", metavar="FILE", help="of `terraform output -json`; - reads stdin")
    add(which, "--local", action="store_true", help="the local cloud, or fail")
    add(group, "--region", help="AWS region (AWS_REGION, or the profile's)")
    add(group, "--profile", help="AWS profile (AWS_PROFILE)")
    add(group, "--endpoint-url", metavar="URL", help="where AWS answers (AWS_ENDPOINT_URL)")


def add_json_argument(parser: Any, summary: str = "print JSON") -> None:
    """Add ``--json``; what prints JSON in any case takes it too."""
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=summary)


def with_defaults(arguments: argparse.Namespace) -> argparse.Namespace:
    """Return the arguments with a value for each shared option."""
    for name, default in _DEFAULTS.items():
        if not hasattr(arguments, name):
            setattr(arguments, name, default)
    return arguments
