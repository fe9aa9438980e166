"""Makes docs/images/dashboard.png: the page of a month of made-up traffic at real prices."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from cost_calculator.dashboard.document import Budget, Failures, Snapshot, document
from cost_calculator.dashboard.page import render
from cost_calculator.overhead import aws_prices
from cost_calculator.planning.mix import Assumptions
from cost_calculator.planning.request_cost import per_request_overhead
from cost_calculator.pricing import price
from cost_calculator.usage import Tokens
from router.cli.breakeven import DEFAULT_TIERS

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "dashboard.png"
_LAST_DAY = date(2026, 11, 24)
_TENANTS = {"support-bot": 900, "acme": 400, "research": 60}  # requests of a working day
_MIX = {
    "SIMPLE": (Decimal("0.6"), Tokens(300, 200)),
    "CALCULATION": (Decimal("0.15"), Tokens(400, 300)),
    "COMPLEX": (Decimal("0.25"), Tokens(1500, 900)),
}


def main() -> int:
    days = [(_LAST_DAY - timedelta(days=n)).isoformat() for n in reversed(range(21))]
    budgets = [
        Budget("*", "month 2026-11", Decimal(250), Decimal("151.204"), Decimal("0.04")),
        Budget("support-bot", "month 2026-11", Decimal(100), Decimal("91.7"), Decimal("0.03")),
    ]
    snapshot = Snapshot(
        "Made-up traffic at real prices", f"{_LAST_DAY}T18:00:00+00:00", days, list(_cells(days)),
        [], False, Failures([], 0, None), budgets,
    )  # fmt: skip
    PICTURE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(render(document(snapshot)), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1200, "height": 1010})
        page.goto(file.as_uri())
        page.wait_for_selector("body[data-ready]")
        page.screenshot(path=PICTURE)
        browser.close()
    print(PICTURE)
    return 0


def _cells(days: Sequence[str]) -> Iterator[dict[str, Any]]:
    dice = random.Random(5)
    for day in days:
        at = datetime.fromisoformat(day).replace(tzinfo=UTC)
        for tenant, usual in _TENANTS.items():
            busy = Decimal("0.25") if at.weekday() > 4 else Decimal(dice.randrange(75, 130)) / 100
            for tier, (share, tokens) in _MIX.items():
                yield _cell(day, at, tenant, tier, int(usual * busy * share), tokens)


def _cell(
    day: str, at: datetime, tenant: str, tier: str, requests: int, tokens: Tokens
) -> dict[str, Any]:
    model, strong = DEFAULT_TIERS[tier], DEFAULT_TIERS["COMPLEX"]
    cost = price(tokens, model.provider, model.model, at).usd or Decimal(0)
    baseline = price(tokens, strong.provider, strong.model, at).usd or Decimal(0)
    overhead = sum(per_request_overhead("STANDARD", model, aws_prices(), Assumptions()).values())
    bound = next(b for b in (10, 100, 1_000, 10_000, 100_000) if cost * 10**6 <= b)
    unknown = int(tenant == "acme" and tier == "COMPLEX" and day.endswith("19"))
    return {
        "day": f"{day}#0",
        "cell": f"{tenant}#{model.model}#{tier}",
        "requests": Decimal(requests),
        "attempts": Decimal(requests + unknown),
        "failures": Decimal(requests // 400),
        "unknown": Decimal(unknown),
        "upper_estimate_usd": unknown * Decimal("0.084"),
        "cost_usd": cost * requests,
        "baseline_usd": baseline * requests,
        "overhead_usd": overhead * requests,
        "input_tokens": Decimal(tokens.input * requests),
        "output_tokens": Decimal(tokens.output * requests),
        f"cost_le_{bound}": Decimal(requests),
    }


if __name__ == "__main__":
    raise SystemExit(main())
