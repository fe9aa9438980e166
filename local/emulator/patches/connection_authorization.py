"""Calls on a connection are authorized on the connection.

AWS: `events:UpdateConnection` and its like are evaluated on `arn:...:connection/<name>`.
MiniStack 1.5.33 under AUTH=true: on `arn:...:rule/default/<name>`, so that no least-privilege
policy can allow them.
"""

from typing import Any

from ministack.core import iam_actions


def apply() -> None:
    """Answer for connections; every other resource goes to MiniStack."""
    extract = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str, method: str, path: str, headers: dict[str, str], *rest: Any
    ) -> str:
        arn = str(extract(service, method, path, headers, *rest))
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if service == "events" and operation.endswith("Connection"):
            return arn.replace(":rule/default/", ":connection/")
        return arn

    iam_actions.extract_resource_arn = extract_resource_arn
