"""A command names a request by its tenant and the plain id; a key is neither."""

from __future__ import annotations

import argparse

import pytest

from router.cli import feedback, forget, review

ACTS = [
    (feedback, ("{id}", "good")),
    (forget, ("--request-id", "{id}")),
    (review, ("show", "{id}")),
    (review, ("approve", "{id}")),
]


def parsed(command: object, words: tuple[str, ...], request_id: str, *more: str) -> str:
    parser = argparse.ArgumentParser()
    command.configure(parser)  # type: ignore[attr-defined]
    given = [word.format(id=request_id) for word in words]
    return str(parser.parse_args([*given, *more]).request_id)


@pytest.mark.parametrize(("command", "words"), ACTS)
def test_an_id_and_its_tenant_are_taken(command: object, words: tuple[str, ...]) -> None:
    assert parsed(command, words, "r-1", "--tenant", "acme") == "r-1"


@pytest.mark.parametrize(("command", "words"), ACTS)
@pytest.mark.parametrize(
    ("request_id", "tenant"), [("acme/r-1", "default"), ("r-1", "a/b"), ("r-1", ""), ("", "acme")]
)
def test_what_can_be_no_tenant_or_id_is_a_usage_error(
    command: object, words: tuple[str, ...], request_id: str, tenant: str
) -> None:
    with pytest.raises(SystemExit) as refused:
        parsed(command, words, request_id, "--tenant", tenant)

    assert refused.value.code == 2
