"""Scans the plan of `examples/complete` with checkov.

Every finding is fixed, or skipped in place with its reason. The plan is made without credentials:
an emulator on loopback answers for AWS. Key and topic of the example are applied there first, since
checkov takes a key that is not known yet for none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from local import cloud, terraform
from local.cloud import CloudError
from local.isolation import isolate
from local.terraform_program import TerraformError

ROOT = cloud.ROOT
EXAMPLE = ROOT / "examples" / "complete"
FOLDER = ROOT / "build" / "plan-scan"
CHECKOV = ROOT / ".venv-security" / "bin" / "checkov"
_FIRST = ("aws_kms_key.platform", "aws_sns_topic.platform")
# Nothing is asked of checkov's makers.
_ENVIRONMENT = {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}


def main() -> int:
    """Plan, scan, print what was found; answer 1 if a check failed."""
    isolate()
    try:
        plan = _plan()
    except (CloudError, TerraformError) as error:
        print(error, file=sys.stderr)
        return 1
    scanned = subprocess.run(
        [
            *(str(CHECKOV), "--file", str(plan), "--framework", "terraform_plan"),
            *("--skip-download", "--quiet", "--compact", "--output", "json"),
            # Skips are in the HCL, beside what they excuse.
            *("--repo-root-for-plan-enrichment", str(_sources())),
        ],
        env={**os.environ, **_ENVIRONMENT},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    report = json.loads(scanned.stdout)
    for failed in report["results"]["failed_checks"]:
        print(f"{failed['check_id']} {failed['resource']}: {failed['check_name']}")
    print(
        ", ".join(f"{report['summary'][name]} {name}" for name in ("passed", "failed", "skipped"))
    )
    return 1 if report["summary"]["failed"] or not report["summary"]["passed"] else 0


def _plan() -> Path:
    """Plan the example on an emulator of its own; return the path of the plan as JSON."""
    running = cloud.start(folder=FOLDER)
    try:
        state = FOLDER / "terraform"
        terraform.init(EXAMPLE, folder=state)
        env = running.env()
        terraform.apply(EXAMPLE, variables={}, env=env, folder=state, only=_FIRST)
        plan = FOLDER / "plan.json"
        plan.write_text(terraform.plan_json(EXAMPLE, env=env, folder=state))
        return plan
    finally:
        cloud.stop(running, folder=FOLDER)


def _sources() -> Path:
    """Copy what has resources to a place of its own: checkov would find other copies under `build`.

    Its parser needs minutes for the variables, which hold no skip.
    """
    sources = FOLDER / "sources"
    shutil.rmtree(sources, ignore_errors=True)
    for folder in ("terraform", "examples/complete"):
        shutil.copytree(
            ROOT / folder,
            sources / folder,
            ignore=shutil.ignore_patterns(".*", "variables*.tf", "tests"),
        )
    return sources


if __name__ == "__main__":
    raise SystemExit(main())
