"""Which sources belong together: held out one at a time, they would teach each other's answers.

Two sources are one family if they share passages, tables, tasks, code or a generator.
"""

from __future__ import annotations

_PREFIXES: dict[str, tuple[str, ...]] = {
    "financial tables": ("tatqa", "pacific"),
    "wiki tables": ("wikitq", "wikitablequestions"),
    "dolly": ("dolly-",),
    "gpteacher": ("gpteacher-",),
    "arena": ("arena-hard",),
    "lsat": ("lsat",),
    "clinc": ("clinc150",),
    "musique": ("musique",),
    "xquad": ("xquad",),
    "classeval": ("classeval",),
    "debugbench": ("debugbench", "derived:coding-followup", "derived:code-context"),
    "bfcl": ("bfcl",),
    "reasoning-gym": ("rg-",),
    "pastes": ("derived:long-paste", "derived:code-paste"),
    "calculations": ("derived:calc",),
}


def family(source: str) -> str:
    """Return the family of a source; most are one by themselves."""
    return next((name for name, starts in _PREFIXES.items() if source.startswith(starts)), source)
