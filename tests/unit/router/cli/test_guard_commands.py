from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.clock import now
from router.__main__ import main
from router.aws.breaker_store import ControlBreakers
from router.errors import BudgetExceeded
from router.guards.breaker import Breaker, Phase, breaker_key, from_row
from tests.support.desk import Desk
from tests.support.factories import config
from tests.support.tables import CONTROL

TABLE = ["--control-table", CONTROL]


def desk(dynamodb: Any, **rules: Any) -> Desk:
    return Desk(config(tenants={"acme": rules}), dynamodb, now())


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main([*arguments, "--json", *TABLE]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_show_says_what_is_used_of_each_budget_and_when_it_resets(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    at = desk(dynamodb, budget={"day_usd": 1, "month_usd": 20})
    at.ask()

    of_month, of_day = sorted(shown(capsys, "budget", "show"), key=lambda line: line["period"])

    assert of_day["limit_usd"] == "1"
    assert of_day["committed_usd"] == of_day["reserved_usd"] != "0"
    assert Decimal(of_day["left_usd"]) == 1 - Decimal(of_day["committed_usd"])
    assert of_day["resets_at"].endswith("T00:00:00.000Z")
    assert of_month["limit_usd"] == "20"
    assert main(["budget", "show", "--tenant", "acme", *TABLE]) == 0
    assert "resets" in capsys.readouterr().out
    assert shown(capsys, "budget", "show", "--tenant", "other") == []


def test_a_limit_that_is_set_holds_within_seconds_and_module_takes_it_back(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    at = desk(dynamodb, budget={"day_usd": 1})
    at.ask("r-1")
    main(["budget", "set", "--tenant", "acme", "--day", "0.01", *TABLE])
    at.pass_time(5)
    with pytest.raises(BudgetExceeded):
        at.ask("r-2")

    main(["budget", "set", "--tenant", "acme", "--day", "module", *TABLE])
    at.pass_time(5)
    at.ask("r-2")

    [line] = shown(capsys, "budget", "show")
    assert line["limit_usd"] == "1"


def test_a_limit_can_be_given_to_who_had_none_and_to_all_together(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["budget", "set", "--tenant", "new", "--month", "5", "--soft-share", "0.5", *TABLE])
    main(["budget", "set", "--tenant", "*", "--day", "50", *TABLE])

    limits = {(line["tenant"], line["limit_usd"]) for line in shown(capsys, "budget", "show")}

    assert limits == {("new", "5"), ("*", "50")}
    main(["budget", "set", "--tenant", "new", "--month", "none", *TABLE])
    assert [line["tenant"] for line in shown(capsys, "budget", "show")] == ["*"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--tenant", "acme"], "nothing to set"),
        (["--tenant", "acme", "--day", "much"], "--day: 'much' cannot be used: write a number"),
        (["--tenant", "a b", "--day", "1"], "write it as a request does"),
        (["--tenant", "acme", "--soft-share", "none"], "write a number from 0 to 1"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_to_write(
    dynamodb: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["budget", "set", *arguments, *TABLE])

    assert says in capsys.readouterr().err


def test_a_command_without_a_table_says_how_to_name_it(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTROL_TABLE", raising=False)

    with pytest.raises(SystemExit, match=r"give --name and --region.*CONTROL_TABLE"):
        main(["budget", "show"])


def test_an_open_breaker_is_shown_and_closed_by_hand(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    store, key = ControlBreakers(dynamodb, CONTROL), breaker_key("bedrock", "haiku")
    store.save(key, Breaker(), Breaker(Phase.OPEN, version=1, open_until_ms=1, openings=1))

    [state] = shown(capsys, "breaker", "show")
    assert (state["model"], state["phase"]) == ("bedrock/haiku", "OPEN")
    with pytest.raises(SystemExit, match="there are: bedrock/haiku"):
        main(["breaker", "close", "bedrock/sonnet", *TABLE])

    assert main(["breaker", "close", "bedrock/haiku", *TABLE]) == 0
    assert from_row(store.read([key])[key]).phase is Phase.CLOSED
    assert main(["breaker", "show", *TABLE]) == 0
    assert "bedrock/haiku: closed" in capsys.readouterr().out
