"""The retrievers that a deployment has: keywords, vectors, a Knowledge Base, a function."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

from router.aws.chunk_store import ChunkStore
from router.aws.embeddings import Embeddings, Paid, bedrock_client
from router.aws.retriever_errors import as_retrieval_errors
from router.aws.vector_index import VectorIndex, s3vectors_client
from router.workflows.corpus.chunks import Chunk
from router.workflows.corpus.keywords import KeywordIndex
from router.workflows.rag.retrieval import Retriever, RetrieverFailed

_MOST_CHARACTERS = 20_000
_MOST_SOURCE = 1_024


class Keywords:
    """The corpus by its words; the index is made again when the corpus has changed."""

    def __init__(self, store: ChunkStore) -> None:
        self._store = store
        self._index = KeywordIndex(())

    def retrieve(self, question: str, most: int) -> Sequence[Chunk]:
        documents, changed = self._store.all()
        if changed:
            self._index = KeywordIndex(chunk for each in documents for chunk in each.chunks)
        return [chunk for chunk, _ in self._index.find(question, most)]


class Vectors:
    """The corpus by the meaning of its chunks, as an embedding model sees it."""

    def __init__(self, store: ChunkStore, embeddings: Embeddings, index: VectorIndex) -> None:
        self._store = store
        self._embeddings = embeddings
        self._index = index

    def retrieve(self, question: str, most: int) -> Sequence[Chunk]:
        keys = self._index.nearest(self._embeddings.of(question), most)
        return list(self._store.chunks(keys).values())


class KnowledgeBase:
    """A Knowledge Base of Bedrock, which has chunks of its own."""

    def __init__(self, client: Callable[[], Any], knowledge_base_id: str) -> None:
        self._client = client
        self._id = knowledge_base_id

    def retrieve(self, question: str, most: int) -> Sequence[Chunk]:
        with as_retrieval_errors("bedrock-agent-runtime"):
            found = self._client().retrieve(
                knowledgeBaseId=self._id,
                retrievalQuery={"text": question},
                retrievalConfiguration={"vectorSearchConfiguration": {"numberOfResults": most}},
            )
        return [
            _named(_address(each.get("location", {})), each["content"]["text"])
            for each in found["retrievalResults"]
            if each.get("content", {}).get("text")
        ]


class Function:
    """A Lambda function of the user's: takes a question, returns texts with their sources."""

    def __init__(self, client: Callable[[], Any], arn: str) -> None:
        self._client = client
        self._arn = arn

    def retrieve(self, question: str, most: int) -> Sequence[Chunk]:
        payload = json.dumps({"question": question, "passages": most})
        with as_retrieval_errors("lambda"):
            answer = self._client().invoke(FunctionName=self._arn, Payload=payload)
            body = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise RetrieverFailed("the retriever's function ended with an error: see its log")
        try:
            found = json.loads(body)["passages"]
            return [_named(str(each["source"]), str(each["text"])) for each in found[:most]]
        except (ValueError, LookupError, TypeError):
            raise RetrieverFailed(
                "the retriever's function must return"
                ' {"passages": [{"source": "…", "text": "…"}, …]}, the best first'
            ) from None


def _named(source: str, text: str) -> Chunk:
    """Return a chunk of another's making, under an id that its content gives it."""
    shown = text[:_MOST_CHARACTERS]
    digest = hashlib.sha256(f"{source}\n{shown}".encode()).hexdigest()[:12]
    return Chunk(f"x{digest}", source[:_MOST_SOURCE], shown)


def _address(location: Mapping[str, Any]) -> str:
    """Return where a Knowledge Base found a chunk: a URI or URL, whatever its kind of source."""
    for each in location.values():
        if isinstance(each, Mapping):
            return str(next(iter(each.values()), ""))
    return str(location.get("type", ""))


@lru_cache(maxsize=2)
def client_of(service: str) -> Any:
    """Return the client of the process for one service."""
    make: Any = boto3.client
    config = Config(connect_timeout=2, read_timeout=60, retries={"total_max_attempts": 3})
    return make(service, config=config)


class Retrievers:
    """The retrievers of this function's environment, by name; the corpus is kept in memory."""

    def __init__(self, settings: Mapping[str, Mapping[str, Any]], store: ChunkStore) -> None:
        self._settings = settings
        self._store = store
        self._keywords = Keywords(store)

    @property
    def names(self) -> list[str]:
        return list(self._settings)

    def named(self, name: str, paid: Paid) -> Retriever:
        """Return a retriever; ``paid`` hears of each text that it has a model embed."""
        settings = self._settings[name]
        match name:
            case "keywords":
                return self._keywords
            case "vectors":
                embeddings = Embeddings(bedrock_client, int(settings["dimensions"]), paid)
                index = VectorIndex(s3vectors_client, settings["index_arn"])
                return Vectors(self._store, embeddings, index)
            case "knowledge_base":
                return KnowledgeBase(lambda: client_of("bedrock-agent-runtime"), settings["id"])
            case "function":
                return Function(lambda: client_of("lambda"), settings["arn"])
        raise RetrieverFailed(f"no retriever is named {name}")
