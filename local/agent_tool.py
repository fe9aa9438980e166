"""The tool of the agent's worked example as a function on the local cloud: `examples/agent`.

It is the caller's own, so no part of the module: `examples/local` names its ARN, and this makes it.
"""

from __future__ import annotations

import io
import zipfile

from local.cloud import ROOT
from local.deployment import Deployment

NAME = "run-sql"
_FILES = ("run_sql.py", "deliveries.csv")


def deploy_tool(deployment: Deployment) -> None:
    """Make the function, unless it is there."""
    client = deployment.client("lambda")
    try:
        client.get_function(FunctionName=NAME)
    except client.exceptions.ResourceNotFoundException:
        client.create_function(
            FunctionName=NAME,
            Runtime="python3.13",
            Handler="run_sql.handler",
            Role=deployment.outputs["functions"]["decide_agent"]["role_arn"],
            Code={"ZipFile": _zipped()},
            Timeout=30,
        )


def _zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in _FILES:
            made.write(ROOT / "examples" / "agent" / name, name)
    return file.getvalue()
