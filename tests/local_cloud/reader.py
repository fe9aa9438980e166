"""A reader's shell: commands of the documents, pasted, on the local cloud."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.cloud import ROOT
from local.deployment import Deployment
from tests.support.patience import HANGS_SECONDS

# The first version of the AWS CLI asks SQS at AWS's own address, whatever AWS_ENDPOINT_URL says.
_PROGRAMS = """
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
curl() { command curl --fail-with-body "$@"; }
"""


def paste(
    deployment: Deployment, text: str, exported: Mapping[str, str] | None = None, at: Path = ROOT
) -> str:
    """Run a command as it stands; return what it printed, or fail with all that it said."""
    environment = {
        **deployment.cloud.env(),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_PROXY": "*",
        **(exported or {}),
    }
    # The address that AWS would give the stage is not one of this machine.
    text = text.replace(deployment.outputs["api"]["url"], deployment.api_url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _PROGRAMS + text],
        cwd=at, env=environment, capture_output=True, text=True, timeout=HANGS_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
