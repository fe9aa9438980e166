"""Puts the document, the page's own code and the chart library into one HTML file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

_FOLDER = Path(__file__).parent
_SCRIPTS = ("money.js", "sums.js", "charts.js", "page.js")


def render(document: Mapping[str, Any]) -> str:
    """Return the page: nothing in it is loaded from elsewhere, and no data in it is code."""
    # Packed, since 90 days of many tenants are megabytes of digits; base64 holds no markup.
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    data = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    own = "\n".join(_file(name) for name in _SCRIPTS)
    return Template(_file("page.html")).substitute(
        policy=_policy(_library(), own),
        style=_file("page.css"),
        library=_library(),
        script=own,
        data=data,
    )


@cache
def _library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script."""
    import vl_convert

    # In a scope of its own: its many short names would meet the page's.
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return f"(() => {{{bundle}}})();"


def _policy(*scripts: str) -> str:
    """Let the browser run these scripts and no other, and load nothing at all.

    Vega compiles its own expressions, hence ``unsafe-eval``: they come from the page's charts,
    never from its data.
    """
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed} 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _file(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
