"""The page of clients is what its record says, and the record is of the versions in the locks."""

from __future__ import annotations

import pytest

from tests.clients.record import CELLS, CLIENTS, Client, recorded
from tools import clients_page


def test_the_page_has_the_table_of_the_record() -> None:
    assert clients_page.main(["--check"]) == 0, "run python -m tools.clients_page"


def test_every_client_has_a_row_and_every_row_all_cells() -> None:
    rows = recorded()

    assert list(rows) == [client.name for client in CLIENTS]
    assert all(list(row["cells"]) == list(CELLS) for row in rows.values())


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_was_tried_in_the_version_of_its_lock(client: Client) -> None:
    row = recorded()[client.name]

    assert row["version"] == clients_page.version_of(client), "its lock changed: make test-clients"


def test_what_did_not_work_is_a_note_below_the_table() -> None:
    cells = dict.fromkeys(CELLS, "yes") | {"tools": "no such call", "cancel": "lacks"}
    row = {"client": "C", "package": "c", "version": "1", "tried": "2026-12-01", "cells": cells}

    lines = clients_page.table([row]).splitlines()

    assert lines[2] == "| C (`c` 1) | ✓ | ✓ | ✗ 1 | ✓ | ✓ | ✓ | ✓ | ✓ | – | 2026-12-01 |"
    assert lines[-1] == "1. C, tools: no such call"
