"""Keeps one process of the AWS provider for many runs of Terraform.

Terraform starts a provider twice for each run of `terraform test`, which is two fifths of all the
processor time of the module's tests. A provider that was started with `-debug` names its socket
instead, and serves whoever has it in `TF_REATTACH_PROVIDERS`
(https://developer.hashicorp.com/terraform/plugin/debugging).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_BINARY = ".terraform/providers/*/hashicorp/aws/*/*/terraform-provider-aws_*"
_NAMED = re.compile(r"TF_REATTACH_PROVIDERS='(.+)'")


@contextmanager
def attached(here: Path) -> Iterator[dict[str, str]]:
    """Yield the variables that lead Terraform in `here`, which is initialised, to one provider.

    Where none can be started so, there are none, and Terraform starts its own.
    """
    binary = next(here.glob(_BINARY), None)
    if binary is None:
        yield {}
        return
    with subprocess.Popen(
        [binary, "-debug"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as provider:
        assert provider.stdout
        try:
            yield _address(provider.stdout)
        finally:
            provider.terminate()


def _address(said: IO[str]) -> dict[str, str]:
    for line in said:
        if found := _NAMED.search(line):
            return {"TF_REATTACH_PROVIDERS": found[1]}
    return {}
