from __future__ import annotations

from pathlib import Path

from local import terraform
from local.deployment import EXAMPLE, Deployment


def test_a_second_plan_right_after_apply_shows_no_change(
    deployment: Deployment, terraform_folder: Path
) -> None:
    plan = terraform.plan(EXAMPLE, env=deployment.cloud.env(), folder=terraform_folder)

    assert plan == ""
