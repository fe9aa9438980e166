"""Takes JSON out of the wrapping in which models send it: that costs nobody a repair. Pure."""

from __future__ import annotations

import re

# A code fence in any spelling, with a word for its language or none, and any line ends.
_FENCED = re.compile(
    r"(`{3,}|~{3,})(?:[ \t]*[^\s`~]*[ \t]*(?:\r\n?|\n)|(?=[\[{\"]))(.*?)\1", re.DOTALL
)
_BLANK = " \t\r\n\ufeff\u200b"


def unwrapped(text: str) -> str:
    """Return an answer without its code fence, byte order mark and white space."""
    bare = text.strip(_BLANK)
    fenced = _FENCED.fullmatch(bare)
    return fenced[2].strip(_BLANK) if fenced else bare
