"""How many tokens a text has, before a provider has counted them. Pure.

A rule of thumb of English text, on the side of neither: what must not be exceeded is reserved by
bytes, see ``router.acceptance.max_cost``.
"""

from __future__ import annotations

BYTES_PER_TOKEN = 4


def estimated_tokens(text_bytes: int) -> int:
    """Return the tokens of so many bytes of UTF-8 text, rounded up."""
    return -(-text_bytes // BYTES_PER_TOKEN)
