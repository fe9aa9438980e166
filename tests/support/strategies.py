"""Values of any shape, as a provider or a history may hold them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def shaped(shape: Any) -> st.SearchStrategy[Any]:
    """Return values like ``shape``, of which any part may be something else, or missing."""
    if isinstance(shape, dict):
        parts = {name: shaped(part) for name, part in shape.items()}
        whole: st.SearchStrategy[Any] = st.fixed_dictionaries({}, optional=parts)
    elif isinstance(shape, list):
        whole = st.tuples(*map(shaped, shape)).map(list)
    else:
        whole = st.just(shape)
    return st.one_of(whole, whole, whole, JSON)
