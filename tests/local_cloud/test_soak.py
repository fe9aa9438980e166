from __future__ import annotations

from local.deployment import Deployment
from tests.local_cloud.simulator import Simulator
from tests.soak.audit import audit
from tests.soak.plan import asks
from tests.soak.run import soak


def test_100_requests_under_faults_and_disasters_lose_nothing(deployment: Deployment) -> None:
    before = len(Simulator(deployment.cloud.simulator_url).calls())

    ran = soak(deployment, asks(100, seed=7), seconds=300, say=print)

    verdict = audit(deployment, ran, before)
    assert verdict.findings == (), verdict.summary
    assert len(ran.asks) == 100
