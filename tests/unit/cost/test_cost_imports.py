"""The core stays free of the AWS SDK, and no Lambda imports what only builds or compares."""

import os
import subprocess
import sys

import pytest

CORE = [
    "usage", "book", "pricing", "overhead", "settling", "ledger", "reconciling", "reporting",
    "breakeven", "capacity", "shards", "cli.price",
]  # fmt: skip


def imported_by(module):
    code = f"import sys, {module}; print(*sys.modules)"
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": "us-east-1",
        "USAGE_TABLE": "usage",
        "SPEND_TABLE": "spend",
        "CONTROL_TABLE": "control",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", CORE)
def test_core_imports_no_aws_sdk(name):
    imported = imported_by(f"cost_calculator.{name}")

    assert not imported & {"boto3", "botocore", "aws_lambda_powertools"}


def test_lambda_imports_neither_price_package_nor_tracer_nor_router():
    unwanted = {"genai_prices", "litellm", "pydantic", "aws_xray_sdk", "rich", "router", "tools"}

    assert not imported_by("cost_calculator.handlers.price_rows") & unwanted
