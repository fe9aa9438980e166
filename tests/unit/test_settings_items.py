"""Settings that the module writes into items reach the functions that need them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "terraform"
GROWING = set(
    re.findall(
        r'"(\w+)"',
        re.search(  # type: ignore[union-attr]
            r"growing_settings = \[(.*?)\]", (MODULE / "settings_items.tf").read_text("utf-8")
        )[1],
    )
)
# Parts of environments that hold some of them.
SHARED = {
    "local.metrics_environment": "METRIC_TENANTS",
    "local.pricing_environment": "METRIC_TENANTS",
    "local.rates_environment": "PRICE_OVERRIDES",
    "local.bedrock_environment": "BEDROCK_PROFILES",
}
FUNCTIONS = sorted(MODULE.glob("function_*.tf"))


def grows(text: str) -> bool:
    shared = any(part in text for part in SHARED)
    return shared or any(re.search(rf"^ +{name} += ", text, re.MULTILINE) for name in GROWING)


def test_what_is_shared_grows_as_well() -> None:
    assert set(SHARED.values()) <= GROWING


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: path.stem)
def test_a_function_with_settings_in_an_item_reads_them_first(path: Path) -> None:
    text = path.read_text("utf-8")
    handler = re.search(r'handler += "([\w.]+)\.handler"', text)
    assert handler
    source = (ROOT / "src" / f"{handler[1].replace('.', '/')}.py").read_text("utf-8")

    assert ("\nload_settings()\n" in source) == grows(text)
