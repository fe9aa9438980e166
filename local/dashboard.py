"""The dashboard of the cloud that `make up` left running, or else of the last `make demo`.

python -m local.dashboard [--serve]
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from cost_calculator.dashboard.document import document
from cost_calculator.dashboard.page import render
from cost_calculator.dashboard.reading import Tables, snapshot
from cost_calculator.dashboard.serving import serve
from local import cloud
from local.cloud import ROOT
from local.deployment import Deployment, existing
from local.isolation import isolate
from local.terraform_program import TerraformError

PAGE = ROOT / "build" / "dashboard.html"
_SINCE = timedelta(days=29)


def main(arguments: list[str]) -> int:
    isolate()
    running = cloud.running()
    try:
        deployment = existing(running) if running else None
    except TerraformError as error:
        print(error, file=sys.stderr)
        return 1
    if deployment:
        write(deployment, "The local cloud")
    elif not PAGE.exists():
        print("Nothing to show yet: make demo, or make up and make ask", file=sys.stderr)
        return 1
    at = datetime.fromtimestamp(PAGE.stat().st_mtime, UTC)
    print(f"{PAGE.relative_to(ROOT)}, as of {at:%Y-%m-%d %H:%M:%S} UTC; open it in a browser")
    if "--serve" in arguments:
        found = deployment
        serve(lambda: _page(found, "The local cloud") if found else PAGE.read_text("utf-8"))
    return 0


def write(deployment: Deployment, source: str) -> None:
    """Write the page of a deployment to `build/dashboard.html`."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(_page(deployment, source), encoding="utf-8")


def _page(deployment: Deployment, source: str) -> str:
    tables = Tables(deployment.usage_table, deployment.spend_table, deployment.control_table)
    return render(document(snapshot(deployment.client("dynamodb"), tables, _SINCE, source)))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
