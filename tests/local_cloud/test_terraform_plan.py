from __future__ import annotations

from pathlib import Path

import pytest

from local import terraform
from local.deployment import EXAMPLE, Deployment

# Looks at what nobody has touched yet.
pytestmark = pytest.mark.runs("first")


def test_a_second_plan_right_after_apply_shows_no_change(
    deployment: Deployment, terraform_folder: Path
) -> None:
    plan = terraform.plan(EXAMPLE, env=deployment.cloud.env(), folder=terraform_folder)

    assert plan == ""
