"""What the deployed system did is on the page, to the last digit; a verdict gets there too."""

import base64
import gzip
import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

import cost_calculator.__main__ as cost_calculator
import router.__main__ as router
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from local import client
from tests.local_cloud.cloud_control import wait_for


@pytest.fixture
def tables(deployment, monkeypatch):
    """Point the commands at the local cloud, as `eval "$(make -s env)"` does."""
    for name, value in deployment.cloud.env().items():
        monkeypatch.setenv(name, value)
    for name in ("usage", "spend", "control"):
        monkeypatch.setenv(f"{name.upper()}_TABLE", deployment.outputs["tables"][name]["name"])


def page_at(path):
    # All there is, as reconcile looks at: the rows of tests.support.cost_rows are of that day.
    days = (datetime.now(UTC) - datetime(2026, 11, 21, tzinfo=UTC)).days + 1
    assert cost_calculator.main(["dashboard", "--since", f"{days}d", "--out", str(path)]) == 0
    return page_of(path)


def page_of(path):
    packed = re.search(r'id="data">([^<]+)<', path.read_text("utf-8"))[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def total(page, name):
    column = page["sums"].get(name, [])
    scale = page["scale"] if name.endswith("_usd") else 0
    return sum((Decimal(value) for value in column), Decimal(0)).scaleb(-scale)


def test_requests_and_verdicts_are_on_the_page_as_reconcile_counts_them(
    deployment, tables, tmp_path
):
    assert router.main(["budget", "set", "--tenant", "seen", "--day", "5"]) == 0
    ids = []

    def counts_against_its_budget():
        """Ask until analyze has seen the new limit: it keeps what holds for all for seconds."""
        asked = [{"input": f"What is {len(ids)} + 1?", "tenant": "seen"}]
        ids.extend(arn.rsplit(":", 1)[1] for arn in client.start(deployment, asked))
        [traced] = client.wait_until_settled(deployment, ids[-1:], 90, "seen")
        assert traced.priced
        return "budgets" in traced.request

    wait_for(counts_against_its_budget, "the limit was never seen")
    assert router.main(["feedback", ids[0], "bad", "--note", "wrong", "--tenant", "seen"]) == 0
    assert router.main(["feedback", ids[0], "good", "--tenant", "seen"]) == 0
    dynamodb = deployment.client("dynamodb")
    names = (deployment.usage_table, deployment.spend_table, deployment.control_table)
    seen = {}

    def looked_at_once():
        """Look at the sums between two pages that say the same: nothing was priced meanwhile."""
        before = page_at(tmp_path / "before.html")
        seen["found"] = reconcile_tables(LedgerStore(dynamodb, *names))
        seen["page"] = page_at(tmp_path / "after.html")
        return before["sums"] == seen["page"]["sums"]

    wait_for(looked_at_once, "the sums never came to rest")
    found, page = seen["found"], seen["page"]
    assert not found.differences
    assert "seen" in page["tenants"]
    [budget] = [budget for budget in page["budgets"] if budget["tenant"] == "seen"]
    assert (budget["limit_usd"], budget["period"].split()[0]) == ("5", "day")
    assert 0 < Decimal(budget["committed_usd"]) < 1
    assert total(page, "feedback_good") == found.total["feedback_good"] >= 1
    for name in ("cost_usd", "overhead_usd", "baseline_usd", "requests", "attempts"):
        assert total(page, name) == found.total[name]
