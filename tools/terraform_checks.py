"""Checks the Terraform of this repository: its form, and the module's own plan-only tests."""

from __future__ import annotations

import subprocess
import sys

from local import terraform
from local.isolation import isolate
from local.terraform import ROOT, TerraformError


def main() -> int:
    isolate()
    try:
        print(terraform.run_tests(ROOT / "terraform"), end="")
    except TerraformError as error:
        print(error, file=sys.stderr)
        return 1
    form = ["terraform", "fmt", "-check", "-diff", "-recursive", "terraform", "examples"]
    return subprocess.run(form, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
