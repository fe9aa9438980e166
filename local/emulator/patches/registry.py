"""Registers what replaces a name of MiniStack, and puts it there.

A patch is a module below this package. Importing it registers its replacements and changes
nothing; `apply()` makes them. MiniStack is pinned and replaced by name: a name that has gone is an
error when the patch is imported, not in the middle of a run. So is a name that another patch has
already replaced, unless `after=` names that patch: then the new replacement is the outer one, and
its original is the other's replacement.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import version
from types import ModuleType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


class PatchError(Exception):
    """A patch does not fit this version of MiniStack, or another patch."""


@dataclass(frozen=True, slots=True)
class _Change:
    place: str
    patch: str
    make: Callable[[], None]


_changes: list[_Change] = []


def replaces(
    target: Any, name: str, *, after: ModuleType | None = None
) -> Callable[[Function], Function]:
    """Call the decorated function in place of `target.name`, the original as first argument."""

    def register(function: Function) -> Function:
        exchanges(target, name, after=after)(
            wraps(function)(lambda original: _given(original, function))
        )
        return function

    return register


def exchanges(
    target: Any, name: str, *, after: ModuleType | None = None
) -> Callable[[Function], Function]:
    """Set `target.name` to what the decorated function makes of the original."""

    def register(make: Function) -> Function:
        place = f"{_title(target)}.{name}"
        if not hasattr(target, name):
            raise PatchError(f"{_ministack()} has no {place}, which {make.__module__} replaces")
        _check_order(place, make.__module__, after.__name__ if after else None)
        _add(place, make, lambda: setattr(target, name, make(getattr(target, name))))
        return make

    return register


def adds(target: ModuleType, table: str, key: str) -> Callable[[Function], Function]:
    """Put the decorated function into a table of MiniStack's, under a key it does not have."""

    def register(function: Function) -> Function:
        place, patch = f"{_title(target)}.{table}[{key!r}]", function.__module__
        entries: dict[str, Any] | None = getattr(target, table, None)
        if entries is None:
            raise PatchError(f"{_ministack()} has no {table} in {_title(target)}, as {patch} needs")
        if key in entries:
            raise PatchError(f"{_ministack()} has {place} itself: compare it with that of {patch}")
        _check_order(place, patch, None)
        _add(place, function, lambda: entries.update({key: function}))
        return function

    return register


def apply(*patches: ModuleType) -> None:
    """Make the changes of these patches, or of all that were imported."""
    chosen = {patch.__name__ for patch in patches}
    for change in _changes:
        if not patches or change.patch in chosen:
            change.make()


def _add(place: str, function: Callable[..., Any], make: Callable[[], None]) -> None:
    _changes.append(_Change(place, function.__module__, make))


def _check_order(place: str, patch: str, after: str | None) -> None:
    outermost = next((each.patch for each in reversed(_changes) if each.place == place), None)
    if outermost == after:
        return
    if outermost is None:
        raise PatchError(f"{patch} replaces {place} after={after}, which does not replace it")
    raise PatchError(
        f"{patch} and {outermost} both replace {place}: with after={outermost} in the former it "
        "becomes the outer one"
    )


def _given(original: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its original bound; a coroutine function if it is one itself."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*arguments: Any, **options: Any) -> Any:
            return await function(original, *arguments, **options)

        return awaited

    @wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        return function(original, *arguments, **options)

    return called


def _title(target: Any) -> str:
    return ".".join(filter(None, (getattr(target, "__module__", ""), target.__name__)))


def _ministack() -> str:
    return f"MiniStack {version('ministack')}"
