"""The deployment's settings as a shell holds them: ``FAREGATE_CONFIG``, as ``analyze`` reads it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def configured(read: Callable[[str], T]) -> T:
    """Return what ``read`` makes of FAREGATE_CONFIG (empty if it is not set), or exit."""
    try:
        return read(os.environ.get("FAREGATE_CONFIG", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SystemExit(
            f"FAREGATE_CONFIG cannot be read ({type(error).__name__}: {error}): copy it whole from"
            " the item of `control` that SETTINGS_ITEM of the function `analyze` names, or unset it"
        ) from None
