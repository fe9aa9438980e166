"""Checks the Terraform of this repository: its form, and the module's own plan-only tests."""

from __future__ import annotations

import sys

from local import terraform
from local.isolation import isolate
from local.terraform import ROOT
from local.terraform_program import TerraformError


def main() -> int:
    isolate()
    try:
        if difference := terraform.unformatted("terraform", "examples", "tools"):
            print(f"{difference}run: terraform fmt -recursive", file=sys.stderr)
            return 1
        print(terraform.run_tests(ROOT / "terraform"), end="")
    except TerraformError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
