"""A patch that does not fit MiniStack, or another patch, is an error when it is imported."""

import asyncio
import inspect
from types import ModuleType
from typing import Any

import pytest

from local.emulator.patches import registry
from local.emulator.patches.registry import PatchError, adds, exchanges, replaces


@pytest.fixture(autouse=True)
def changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_changes", [])


@pytest.fixture
def service() -> Any:
    """A module of MiniStack's, as far as the registry can see."""
    made = ModuleType("ministack.services.made")
    made.greet = lambda name: f"hello {name}"  # type: ignore[attr-defined]
    made.TABLE = {"known": 1}  # type: ignore[attr-defined]
    return made


def patch(name: str) -> ModuleType:
    return ModuleType(f"local.emulator.patches.{name}")


def of(module: ModuleType, function: Any) -> Any:
    function.__module__ = module.__name__
    return function


def louder(original: Any, name: str) -> str:
    return str(original(name)).upper()


def politer(original: Any, name: str) -> str:
    return f"good day, {original(name)}"


def test_a_replacement_gets_the_original_first_and_only_when_applied(service: Any) -> None:
    replaces(service, "greet")(louder)
    before = service.greet("you")

    registry.apply()

    assert (before, service.greet("you")) == ("hello you", "HELLO YOU")


def test_a_name_that_has_gone_is_reported_with_the_version(service: Any) -> None:
    with pytest.raises(PatchError, match=r"MiniStack 1\.\d+\.\d+ has no ministack.*made\.leave"):
        replaces(service, "leave")(louder)


def test_a_second_replacement_needs_an_order(service: Any) -> None:
    first, second = patch("first"), patch("second")
    replaces(service, "greet")(of(first, louder))

    with pytest.raises(PatchError, match=r"second and .*first both replace .*made\.greet"):
        replaces(service, "greet")(of(second, politer))


def test_the_later_of_two_is_the_outer_one(service: Any) -> None:
    first, second = patch("first"), patch("second")
    replaces(service, "greet")(of(first, louder))
    replaces(service, "greet", after=first)(of(second, politer))

    registry.apply()

    assert service.greet("you") == "good day, HELLO YOU"


def test_an_order_after_a_patch_that_replaces_nothing_is_refused(service: Any) -> None:
    with pytest.raises(PatchError, match="first, which does not replace it"):
        replaces(service, "greet", after=patch("first"))(louder)


def test_patches_named_are_applied_alone(service: Any) -> None:
    first, second = patch("first"), patch("second")
    replaces(service, "greet")(of(first, louder))
    exchanges(service, "TABLE")(of(second, lambda table: {**table, "more": 2}))

    registry.apply(second)

    assert (service.greet("you"), service.TABLE) == ("hello you", {"known": 1, "more": 2})


def test_an_entry_that_ministack_has_itself_is_refused(service: Any) -> None:
    with pytest.raises(PatchError, match="TABLE"):
        adds(service, "TABLE", "known")(louder)

    adds(service, "TABLE", "new")(louder)
    registry.apply()

    assert service.TABLE["new"] is louder


def test_a_coroutine_function_stays_one_for_the_server_that_asks(service: Any) -> None:
    async def serve(original: Any, name: str) -> str:
        return str(original(name))

    replaces(service, "greet")(serve)
    registry.apply()

    assert inspect.iscoroutinefunction(service.greet)
    assert asyncio.run(service.greet("you")) == "hello you"
