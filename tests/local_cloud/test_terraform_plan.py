from __future__ import annotations

from local import terraform
from local.deployment import EXAMPLE, Deployment
from tests.local_cloud.conftest import FOLDER


def test_a_second_plan_right_after_apply_shows_no_change(deployment: Deployment) -> None:
    plan = terraform.plan(EXAMPLE, env=deployment.cloud.env(), folder=FOLDER / "terraform")

    assert plan == ""
