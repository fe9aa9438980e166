"""Measures the dashboard: python -m tools.dashboard_bench [DAYS TENANTS MODELS TIERS]

Builds the page of 90 days × 50 tenants × 6 models × 3 tiers, opens it in Chromium and filters it;
prints the page's size and the times.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from cost_calculator.dashboard.document import Failures, Snapshot, document
from cost_calculator.dashboard.page import render

_LAST_DAY = date(2026, 11, 24)
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def main(arguments: list[str]) -> int:
    sizes = [int(text) for text in arguments] or [90, 50, 6, 3]
    days = [(_LAST_DAY - timedelta(days=n)).isoformat() for n in reversed(range(sizes[0]))]
    cells = list(_cells(days, *sizes[1:]))
    nothing = Failures([], 0, None)
    started = time.perf_counter()
    page = render(document(Snapshot("bench", "now", days, cells, [], False, nothing, [])))
    built = time.perf_counter() - started
    measured = {"cells": len(cells), "page_mb": round(len(page.encode()) / 1e6, 2)}
    print(json.dumps({**measured, "build_s": round(built, 2), **_in_browser(page)}))
    return 0


def _in_browser(page: str) -> dict[str, float]:
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        opened = browser.new_page()
        started = time.perf_counter()
        opened.goto(file.as_uri())
        opened.wait_for_selector("body[data-ready='1']", timeout=120_000)
        shown = time.perf_counter()
        opened.select_option("#tenant", index=1)
        opened.wait_for_selector("body[data-ready='2']")
        filtered = time.perf_counter()
        browser.close()
    return {"open_s": round(shown - started, 2), "filter_s": round(filtered - shown, 2)}


def _cells(days: Sequence[str], tenants: int, models: int, tiers: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(1)
    for day in days:
        for n in range(tenants * models * tiers):
            requests = dice.randrange(1, 400)
            cost = Decimal(dice.randrange(10**9)).scaleb(-11) * requests
            tenant, model, tier = n % tenants, n // tenants % models, n // tenants // models
            yield {
                "day": f"{day}#3",
                "cell": f"tenant-{tenant}#model-{model}#tier-{tier}",
                "requests": Decimal(requests),
                "attempts": Decimal(requests + dice.randrange(5)),
                "failures": Decimal(dice.randrange(3)),
                "cost_usd": cost,
                "baseline_usd": cost * 3,
                "overhead_usd": requests * Decimal("0.000131875"),
                "input_tokens": Decimal(requests * dice.randrange(900)),
                "output_tokens": Decimal(requests * dice.randrange(700)),
                "cost_le_100": Decimal(requests // 2),
                "cost_le_1000": Decimal(requests - requests // 2),
            }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
