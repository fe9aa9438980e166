"""Real clients, unchanged, at the deployed API: what each can do is what docs/clients.md says.

Each client is a process and a tenant of its own, which tries all cells of its row. With
``FAREGATE_CLIENTS=record`` the rows are written down in place of compared: ``make test-clients``.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest

from local.deployment import Deployment
from tests.clients.record import CELLS, Client
from tests.local_cloud import real_clients
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.real_clients import compare
from tests.local_cloud.simulator import Simulator

PYTHON, NODE = real_clients.by_kind("clients", "llama-index"), real_clients.by_kind("javascript")


@pytest.fixture(scope="module")
def row_of(deployment: Deployment) -> Any:
    """Return a function that tries a client, once; two at a time, whoever is asked for first."""
    simulator = Simulator(deployment.cloud.simulator_url)

    def row(client: Client, door: Door) -> dict[str, str]:
        asked = real_clients.asked()
        simulator.script(*asked.rules)
        got = real_clients.answers_of(client, door, asked.cells)
        has_left = bool(got["cancel"].get("pieces")) and "error" not in got["cancel"]
        is_recorded = has_left and real_clients.is_recorded(deployment, asked.marks["cancel"])
        return {
            cell: real_clients.verdict(
                cell, got[cell], asked.marks.get(cell, ""), is_recorded=is_recorded
            )
            for cell in CELLS
        }

    pool = ThreadPoolExecutor(2)

    @cache
    def tried_with(kinds: tuple[str, ...]) -> Mapping[str, Any]:
        for kind in kinds:
            real_clients.installed(kind)
        # Keys are made one after the other: each is read from what a command prints.
        clients = real_clients.by_kind(*kinds)
        doors = [door_of(deployment, f"client-{number}") for number, _ in enumerate(clients)]
        return {
            client.name: pool.submit(row, client, door)
            for client, door in zip(clients, doors, strict=True)
        }

    yield lambda client, *kinds: tried_with(kinds)[client.name].result()
    pool.shutdown(cancel_futures=True)
    simulator.clear_script()


@pytest.mark.parametrize("client", PYTHON, ids=lambda client: client.program)
def test_a_client_of_pypi_can_do_what_the_table_says(row_of: Any, client: Client) -> None:
    compare(client, row_of(client, "clients", "llama-index"))


@pytest.mark.parametrize("client", NODE, ids=lambda client: client.program)
def test_a_client_of_npm_can_do_what_the_table_says(row_of: Any, client: Client) -> None:
    compare(client, row_of(client, "javascript"))
