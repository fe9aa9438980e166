"""Bedrock's guardrails by themselves: `POST /guardrail/{id}/version/{version}/apply`.

Every guardrail stops one phrase, in prompts and in answers, and its trace quotes it as AWS's does.
"""

import re
from urllib.parse import unquote

from local.simulator.bedrock import GUARDRAIL_SAYS, GUARDRAIL_SPOKE, GUARDRAIL_STOPS, Bedrock
from local.simulator.model import Answered, Ask, Json, Request

_PATH = re.compile(r"^/guardrail/(?P<id>[^/]+)/version/(?P<version>[^/]+)/apply$")


class Guardrails(Bedrock):
    """The ApplyGuardrail API; errors, keys and headers are those of the same service."""

    name = "guardrail"

    def model_of(self, path: str) -> str | None:
        found = _PATH.match(path)
        return unquote(found["id"]) if found else None

    def read(self, request: Request) -> Ask:
        if request.body.get("source") not in ("INPUT", "OUTPUT"):
            raise self.reject(400, None, "source must be INPUT or OUTPUT")
        texts = [block["text"]["text"] for block in request.body.get("content") or []]
        text = "\n".join(texts)
        return Ask(model=request.model, prompt=text, question=text, max_tokens=None, schema=None)

    def answer(self, answered: Answered) -> Json:
        text, ordered = answered.ask.prompt, answered.reply.ending == "guardrail"
        stops = ordered or GUARDRAIL_STOPS in text
        units = -(-len(text) // 1000)
        return {
            "usage": {"topicPolicyUnits": units, "contentPolicyUnits": 0, "wordPolicyUnits": units},
            "action": "GUARDRAIL_INTERVENED" if stops else "NONE",
            "outputs": [{"text": GUARDRAIL_SAYS}] if stops else [],
            "assessments": [GUARDRAIL_SPOKE] if stops else [],
        }
