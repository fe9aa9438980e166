"""The CloudWatch dashboard searches for series that are printed, by their exact dimensions."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# | `a`, `b` | unit | `dimension`, … or none; other dimensions (a remark) | by | counts |
_ROW = re.compile(r"^\| (`.+?) \|[^|]*\|([^|]+)\|", re.MULTILINE)
_SEARCHED = re.compile(r'= \["([a-z,]+)", "(\w+)", "\w+"\]')
_ALONE = re.compile(r'\["Faregate", "(\w+)", \{')


def printed():
    """Return (name, dimensions) of every metric that docs/metrics.md lists."""
    text = (ROOT / "docs" / "metrics.md").read_text("utf-8").split("## ")[0]
    return {
        (name, ",".join(sorted(re.findall(r"`(\w+)`", dimensions))))
        for names, cell in _ROW.findall(text)
        for dimensions in re.sub(r"\(.*?\)", "", cell).split(";")
        for name in re.findall(r"`(\w+)`", names)
    }


def test_the_dashboard_shows_only_metrics_that_exist():
    source = (ROOT / "terraform" / "dashboard.tf").read_text("utf-8")
    shown = {(name, dimensions) for dimensions, name in _SEARCHED.findall(source)}
    shown |= {(name, "") for name in _ALONE.findall(source)}

    assert len(shown) > 10
    assert shown - printed() == set()
