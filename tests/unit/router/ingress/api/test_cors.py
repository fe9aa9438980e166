"""What a page in a browser may read of an answer, by its origin."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from router.ingress.api.cors import Cors
from tests.fakes.api import Aws, Client, answered

ONE, OTHER, STRANGER = "https://a.example", "https://b.example", "https://evil.example"
EXPOSED = ["x-faregate-model", "retry-after"]


def cors(*origins: str, credentials: bool = False) -> Cors:
    text = {"allow_origins": origins, "allow_credentials": credentials, "expose_headers": EXPOSED}
    made = Cors.from_json(json.dumps(text))
    assert made
    return made


def headers_for(origin: str | None, allowed: Cors | None, path: str = "r-1") -> dict[str, Any]:
    aws = Aws(rows={"r-1": answered("r-1")})
    sent = {"Origin": origin} if origin else {}
    _, _, headers = Client(aws, cors=allowed).call("GET", f"/prompts/{path}", headers=sent)
    return {
        name: value
        for name, value in headers.items()
        if re.match("access-control-(?!allow-headers)|vary", name)
    }


def test_without_cors_no_origin_is_named() -> None:
    assert Cors.from_json("null") is None
    assert headers_for(ONE, None) == {}


@pytest.mark.parametrize("path", ["r-1", "no-such-request"])
def test_each_origin_is_told_its_own_also_of_an_error(path: str) -> None:
    told = {
        origin: headers_for(origin, cors(ONE, OTHER), path) for origin in (ONE, OTHER, STRANGER)
    }

    for origin in (ONE, OTHER):
        assert told[origin] == {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": ",".join(EXPOSED),
            "vary": "Origin",
        }
    assert told[STRANGER] == headers_for(None, cors(ONE, OTHER), path) == {"vary": "Origin"}


def test_one_origin_and_any_origin_are_told_the_same_whoever_asks() -> None:
    assert "vary" not in headers_for(ONE, cors(ONE))
    assert headers_for(STRANGER, cors(ONE)) == {}
    assert headers_for(STRANGER, cors("*"))["access-control-allow-origin"] == "*"


def test_cookies_are_let_in_where_they_are_asked_for() -> None:
    name = "access-control-allow-credentials"

    assert headers_for(ONE, cors(ONE, credentials=True))[name] == "true"
    assert name not in headers_for(ONE, cors(ONE))
