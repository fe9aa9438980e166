"""Titan Text Embeddings V2: `POST /model/amazon.titan-embed-text-v2:0/invoke`.

The vector is a bag of hashed words (`hashed_words`), which is not semantic. By LLM_BASE_URL a real
model of an OpenAI-shaped server takes its place (`/embeddings`, see `upstream`).
"""

import json
import re
from urllib.parse import unquote

from local.simulator.bedrock import Bedrock
from local.simulator.model import Answered, Ask, Json, Reject, Request
from local.simulator.tokens import tokens

MODEL = "amazon.titan-embed-text-v2:0"
_PATH = re.compile(r"^/model/(?P<model>[^/]+)/invoke$")
_DIMENSIONS = (256, 512, 1024)
_MOST_TOKENS, _MOST_CHARACTERS = 8_192, 50_000
_FIELDS = {"inputText", "dimensions", "normalize", "embeddingTypes"}


class Embeddings(Bedrock):
    """The InvokeModel API of one model; errors, keys and headers are those of Bedrock."""

    name = "embeddings"

    def model_of(self, path: str) -> str | None:
        found = _PATH.match(path)
        return unquote(found["model"]) if found else None

    def read(self, request: Request) -> Ask:
        body = request.body
        if request.model != MODEL:
            raise self.reject(400, None, "The provided model identifier is invalid.")
        if unknown := sorted(body.keys() - _FIELDS):
            raise self._malformed(f"#: extraneous key [{unknown[0]}] is not permitted")
        text, dimensions = body.get("inputText"), body.get("dimensions", 1024)
        if not isinstance(text, str) or not text:
            raise self._malformed("#/inputText: expected minLength: 1, actual: 0")
        if dimensions not in _DIMENSIONS:
            raise self._malformed(f"#/dimensions: {dimensions} is not a valid enum value")
        if (count := tokens(text)) > _MOST_TOKENS or len(text) > _MOST_CHARACTERS:
            known = f"Max input tokens: {_MOST_TOKENS}, request input token count: {count}"
            raise self.reject(400, None, f"400 Bad Request: Too many input tokens. {known}")
        return Ask(request.model, text, text, None, None, embeds=int(dimensions))

    def _malformed(self, what: str) -> Reject:
        message = f"Malformed input request: {what}, please reformat your input and try again."
        return self.reject(400, None, message)

    def answer(self, answered: Answered) -> Json:
        vector = json.loads(answered.reply.text)
        return {
            "embedding": vector,
            "embeddingsByType": {"float": vector},
            "inputTextTokenCount": answered.reply.input_tokens,
        }
