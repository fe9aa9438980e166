"""Every place where Faregate stores text, as ``forget`` sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import is_missing_object, is_refused_condition
from cost_calculator.aws.items import from_item, to_item
from cost_calculator.rows import Row
from router.aws.usage_table import UsageStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# S3's own limit on one call.
_OBJECTS_A_CALL = 1000


class TextStore(UsageStore):
    """The ``usage`` table and the answers' bucket, all versions of its objects."""

    _shows_expired = True

    def __init__(self, client: DynamoDBClient, table: str, s3: Any, bucket: str) -> None:
        super().__init__(client, table)
        self._s3 = s3
        self._bucket = bucket

    def requests_of(self, tenant: str, before: str | None) -> Iterator[str]:
        """Yield the keys of a tenant's requests, of those accepted before an ISO time if given."""
        condition, values = "tenant = :tenant", {":tenant": {"S": tenant}}
        if before:
            condition += " AND accepted_at < :before"
            values[":before"] = {"S": before}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by-tenant",
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ProjectionExpression="request_id",
        )
        for page in pages:
            yield from (str(from_item(item)["request_id"]) for item in page["Items"])

    def objects_of(self, prefix: str) -> list[Mapping[str, str]]:
        """Return key and version of every object under a prefix, old versions included."""
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return [
            {"Key": found["Key"], "VersionId": found["VersionId"]}
            for page in pages
            for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]

    def delete_objects(self, objects: Sequence[Mapping[str, str]]) -> None:
        """Delete object versions; raise ``RuntimeError`` if S3 kept one."""
        rest = iter(objects)
        while batch := list(islice(rest, _OBJECTS_A_CALL)):
            answer = self._s3.delete_objects(
                Bucket=self._bucket, Delete={"Objects": batch, "Quiet": True}
            )
            if errors := answer.get("Errors"):
                raise RuntimeError(f"S3 kept {errors[0]['Key']}: {errors[0]['Code']}")

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders right below a prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            yield from (found["Prefix"] for found in page.get("CommonPrefixes", ()))

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of the objects under a prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def text(self, key: str) -> str | None:
        """Return an object's text, ``None`` if there is none."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if is_missing_object(error):
                return None
            raise
        return str(answer["Body"].read().decode("utf-8", "replace"))

    def replace(self, key: str, body: str) -> None:
        """Put another text in the place of an object, and delete its older versions."""
        older = self.objects_of(key)
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body.encode())
        self.delete_objects([each for each in older if each["Key"] == key])

    def remove(self, key: str) -> None:
        """Delete an object with all of its versions."""
        self.delete_objects([each for each in self.objects_of(key) if each["Key"] == key])

    def has_kept(self, cache_key: str, source: str) -> bool:
        """Return whether the answer under a key of the cache is that of a request."""
        found = self._client.get_item(TableName=self._table, Key=_content(cache_key))
        return from_item(found.get("Item", {})).get("source") == source

    def delete_kept(self, cache_key: str, source: str) -> None:
        """Delete a kept answer, unless it is another request's by now."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_content(cache_key),
                ConditionExpression="#source = :source",
                ExpressionAttributeNames={"#source": "source"},
                ExpressionAttributeValues={":source": {"S": source}},
            )
        except ClientError as error:
            if not is_refused_condition(error):
                raise

    def delete_row(self, key: str, item: str) -> None:
        """Delete one row of a request."""
        self._client.delete_item(
            TableName=self._table, Key=to_item({"request_id": key, "item": item})
        )

    def change(
        self, row: Row, removed: Sequence[str], values: Mapping[str, Any], same: Sequence[str] = ()
    ) -> bool:
        """Remove attributes of an existing row, and set others.

        Return ``False`` if one that must be the ``same`` is another meanwhile.
        """
        removals = {f"#r{place}": name for place, name in enumerate(removed)}
        settings = {f"#s{place}": name for place, name in enumerate(values)}
        expression = [
            *([f"SET {', '.join(f'{n} = :{n[1:]}' for n in settings)}"] if settings else []),
            *([f"REMOVE {', '.join(removals)}"] if removals else []),
        ]
        changed = {f":{short[1:]}": values[name] for short, name in settings.items()}
        changed |= {f":{name}": row[name] for name in same}
        held = [f"{name} = :{name}" for name in same]
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"request_id": row["request_id"], "item": row["item"]}),
                ConditionExpression=" AND ".join(["attribute_exists(request_id)", *held]),
                UpdateExpression=" ".join(expression),
                ExpressionAttributeNames=removals | settings,
                **({"ExpressionAttributeValues": to_item(changed)} if changed else {}),  # type: ignore[arg-type]
            )
        except ClientError as error:
            if same and is_refused_condition(error):
                return False
            raise
        return True


def _content(key: str) -> dict[str, Any]:
    return to_item({"request_id": key, "item": "CONTENT"})
