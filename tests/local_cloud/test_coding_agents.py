"""Claude Code, Codex and aider, unchanged, at the deployed API; ``make test-clients`` runs them.

They are 1.4 GB of programs; what they send is tried without them, in
``unit/router/ingress/protocols/test_agents_tools.py``.
"""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from local.deployment import Deployment
from tests.clients.record import CELLS, Client
from tests.local_cloud import agent_scripts, coding_agents, real_clients
from tests.local_cloud.door import door_of
from tests.local_cloud.real_clients import IS_RECORDING, by_kind, compare
from tests.local_cloud.simulator import Simulator

pytestmark = pytest.mark.skipif(
    not IS_RECORDING, reason="coding agents: make test-clients installs them, 1.4 GB"
)


@pytest.fixture(scope="module")
def _programs() -> None:
    coding_agents.install()


@pytest.mark.usefixtures("_programs")
@pytest.mark.parametrize("client", by_kind("agents", "aider"), ids=lambda client: client.program)
def test_a_coding_agent_can_do_what_the_table_says(
    client: Client, deployment: Deployment, simulator: Simulator, tmp_path: Path
) -> None:
    door = door_of(deployment, f"agent-{client.program.replace('_', '-')}")
    row = {}
    for cell in CELLS:
        mark = uuid4().hex
        place = coding_agents.place(tmp_path / cell, door)
        simulator.script(*agent_scripts.rules(client.program, cell, mark, place.work))
        got = coding_agents.tried(client, cell, place, mark)
        has_left = cell == "cancel" and not got.get("lacks")
        is_recorded = has_left and real_clients.is_recorded(deployment, mark)
        row[cell] = agent_scripts.verdict(cell, got, mark, is_recorded=is_recorded)

    compare(client, row)
