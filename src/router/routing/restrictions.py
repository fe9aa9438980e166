"""Restrictions that guards put on a plan: a tier cap and models to skip. Stored on the REQUEST row,
so that a repeated analysis applies them too. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from router.catalog.models import Model

_ALL_OPEN = "every model of the plan has an open breaker: called anyway"


@dataclass(frozen=True, slots=True)
class Restrictions:
    """``cap`` is why COMPLEX is not served; ``skipped`` maps ``provider/model`` to why it is not
    called, empty if the row has the reason already; ``notes`` are further reasons for the row."""

    cap: str | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether every model may be asked and no tier is capped."""
        return self.cap is None and not self.skipped

    def select(self, models: Sequence[Model]) -> tuple[tuple[Model, ...], tuple[str, ...]]:
        """Return the models of a plan that are to be asked, and reasons for those that are not.

        If all would be skipped, all are called: a failing model is better than no answer.
        """
        left = tuple(model for model in models if name_of(model) not in self.skipped)
        reasons = tuple(why for model in models if (why := self.skipped.get(name_of(model))))
        if left:
            return left, reasons
        return tuple(models), (_ALL_OPEN,) if reasons else ()


NO_RESTRICTIONS = Restrictions()


def name_of(model: Model) -> str:
    """Return ``provider/model``, as rows and breakers call it."""
    return f"{model.provider}/{model.model}"
