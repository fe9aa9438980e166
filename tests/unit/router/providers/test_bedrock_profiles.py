"""A model that has an application inference profile is called by it, and known by its own id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.invocation.call import ModelCall
from router.providers import bedrock
from tests.support.factories import asking

PROFILE = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc"


class Client:
    """Remembers what Converse was asked for."""

    def converse(self, **arguments: Any) -> dict[str, Any]:
        self.model = arguments["modelId"]
        message = {"content": [{"text": "Paris."}]}
        return {"output": {"message": message}, "stopReason": "end_turn", "usage": {}}


@pytest.mark.parametrize(("model", "called"), [("us.a", PROFILE), ("us.b", "us.b")])
def test_a_model_is_called_by_its_profile_where_it_has_one(
    monkeypatch: pytest.MonkeyPatch, model: str, called: str
) -> None:
    monkeypatch.setenv("BEDROCK_PROFILES", json.dumps({"us.a": PROFILE}))
    bedrock._profiles.cache_clear()
    client = Client()
    call = ModelCall("bedrock", model, asking("hi"), 10)

    bedrock.Bedrock(client).complete(call)  # type: ignore[arg-type]

    bedrock._profiles.cache_clear()
    assert client.model == called
