"""Amazon S3 Vectors, as far as an index is made, filled, asked and emptied. Pure.

Requests are checked against botocore's own model of the service, so that what AWS's SDK can write
is what is understood, and errors have the names that the model gives them. Distances are exact: AWS
answers by approximation, and may miss a neighbour. Filters, metadata above their limits, encryption
settings, policies and tags are refused: they are not here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

Json = dict[str, Any]
_ARN = re.compile(r"arn:aws:s3vectors:[^:]+:[^:]+:bucket/(?P<bucket>[^/]+)/index/(?P<index>[^/]+)")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MOST_DIMENSIONS, _MOST_FOUND, _MOST_DELETED = 4_096, 100, 500
_NOT_HERE = ("filter", "encryptionConfiguration", "tags", "metadataConfiguration", "queryMode")


class Refused(Exception):
    """What AWS answers in place of a result: the error's name of the service's model."""

    def __init__(self, name: str, message: str, status: int) -> None:
        super().__init__(message)
        self.name = name
        self.status = status


@dataclass(slots=True)
class _Index:
    arn: str
    dimension: int
    metric: str
    vectors: dict[str, Json] = field(default_factory=dict)


class S3Vectors:
    """The vector buckets of one account in one region."""

    def __init__(self, account: str = "000000000000", region: str = "us-east-1") -> None:
        self._prefix = f"arn:aws:s3vectors:{region}:{account}:bucket/"
        self._buckets: dict[str, dict[str, _Index]] = {}
        self._model = ServiceModel(Loader().load_service_model("s3vectors", "service-2"))
        self._operations: Mapping[str, Callable[[Json], Json]] = {
            "CreateVectorBucket": self._create_bucket,
            "CreateIndex": self._create_index,
            "GetIndex": self._get_index,
            "PutVectors": self._put,
            "GetVectors": self._get,
            "DeleteVectors": self._delete,
            "QueryVectors": self._query,
        }

    def answer(self, operation: str, asked: Json) -> Json:
        """Answer one operation; raise ``Refused`` with what AWS says instead."""
        found = self._operations.get(operation)
        if found is None:
            raise Refused("ValidationException", f"{operation} is not in this stand-in", 400)
        if here := [name for name in _NOT_HERE if name in asked]:
            raise Refused("ValidationException", f"{here[0]} is not in this stand-in", 400)
        shape: Any = self._model.operation_model(operation).input_shape
        problems = ParamValidator().validate(asked, shape)
        if problems.has_errors():
            raise Refused("ValidationException", problems.generate_report(), 400)
        return found(asked)

    def _create_bucket(self, asked: Json) -> Json:
        name = asked["vectorBucketName"]
        if not _NAME.fullmatch(name):
            raise Refused("ValidationException", "Invalid vector bucket name", 400)
        if name in self._buckets:
            message = "A vector bucket with the specified name already exists"
            raise Refused("ConflictException", message, 409)
        self._buckets[name] = {}
        return {"vectorBucketArn": f"{self._prefix}{name}"}

    def _create_index(self, asked: Json) -> Json:
        bucket, name = self._bucket(asked.get("vectorBucketName", "")), asked["indexName"]
        if name in bucket:
            message = "An index with the specified name already exists"
            raise Refused("ConflictException", message, 409)
        if not 1 <= asked["dimension"] <= _MOST_DIMENSIONS:
            raise Refused("ValidationException", f"dimension must be 1 to {_MOST_DIMENSIONS}", 400)
        arn = f"{self._prefix}{asked['vectorBucketName']}/index/{name}"
        bucket[name] = _Index(arn, asked["dimension"], asked["distanceMetric"])
        return {"indexArn": arn}

    def _get_index(self, asked: Json) -> Json:
        index = self._index(asked)
        bucket, _, name = index.arn.removeprefix(self._prefix).split("/")
        shown = {"vectorBucketName": bucket, "indexName": name, "indexArn": index.arn}
        kind = {"dataType": "float32", "dimension": index.dimension, "distanceMetric": index.metric}
        return {"index": {**shown, **kind, "creationTime": 0}}

    def _put(self, asked: Json) -> Json:
        index = self._index(asked)
        if len({each["key"] for each in asked["vectors"]}) < len(asked["vectors"]):
            raise Refused("ValidationException", "vectors has the same key twice", 400)
        for each in asked["vectors"]:
            _check(each["data"]["float32"], index)
        index.vectors.update({each["key"]: each for each in asked["vectors"]})
        return {}

    def _get(self, asked: Json) -> Json:
        index = self._index(asked)
        wanted = ["data"] * bool(asked.get("returnData"))
        wanted += ["metadata"] * bool(asked.get("returnMetadata"))
        found = [index.vectors[key] for key in asked["keys"] if key in index.vectors]
        shown = [{name: each[name] for name in ["key", *wanted] if name in each} for each in found]
        return {"vectors": shown}

    def _delete(self, asked: Json) -> Json:
        if len(asked["keys"]) > _MOST_DELETED:
            raise Refused("ValidationException", f"keys may have {_MOST_DELETED}", 400)
        index = self._index(asked)
        for key in asked["keys"]:
            index.vectors.pop(key, None)
        return {}

    def _query(self, asked: Json) -> Json:
        index, query = self._index(asked), asked["queryVector"]["float32"]
        if not 1 <= asked["topK"] <= _MOST_FOUND:
            raise Refused("ValidationException", f"topK must be 1 to {_MOST_FOUND}", 400)
        _check(query, index)
        measure = _cosine if index.metric == "cosine" else math.dist
        ranked = sorted(
            (measure(query, each["data"]["float32"]), key) for key, each in index.vectors.items()
        )
        found: list[Json] = []
        for distance, key in ranked[: asked["topK"]]:
            shown: Json = {"key": key}
            if asked.get("returnDistance"):
                shown["distance"] = distance
            if asked.get("returnMetadata") and "metadata" in index.vectors[key]:
                shown["metadata"] = index.vectors[key]["metadata"]
            found.append(shown)
        return {"vectors": found, "distanceMetric": index.metric}

    def _bucket(self, name: str) -> dict[str, _Index]:
        if name not in self._buckets:
            message = "The specified vector bucket could not be found"
            raise Refused("NotFoundException", message, 404)
        return self._buckets[name]

    def _index(self, asked: Json) -> _Index:
        named = _ARN.fullmatch(asked.get("indexArn", ""))
        bucket = named["bucket"] if named else asked.get("vectorBucketName", "")
        found = self._bucket(bucket).get(named["index"] if named else asked.get("indexName", ""))
        if found is None:
            raise Refused("NotFoundException", "The specified index could not be found", 404)
        return found


def _check(vector: Sequence[float], index: _Index) -> None:
    if len(vector) != index.dimension:
        message = f"vector must have length {index.dimension}, but has length {len(vector)}"
        raise Refused("ValidationException", message, 400)
    if not all(math.isfinite(each) for each in vector):
        raise Refused("ValidationException", "vector must be finite", 400)
    if index.metric == "cosine" and not any(vector):
        raise Refused("ValidationException", "a zero vector has no cosine distance", 400)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return 1 - product / (math.hypot(*one) * math.hypot(*other))
