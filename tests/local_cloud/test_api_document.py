"""docs/openapi.json is what Terraform deploys and what the door answers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from local import cloud
from local.deployment import Deployment
from tests.local_cloud.door import Door, door_of
from tests.support.patience import HANGS_SECONDS
from tools.openapi import DOCUMENT, PROTOCOL


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def all_methods(deployment: Deployment) -> dict[tuple[str, str], dict[str, Any]]:
    """Each method of the deployed gateway by its path and verb."""
    found = deployment.client("apigateway").get_resources(
        restApiId=deployment.outputs["api"]["rest_api_id"], embed=["methods"], limit=500
    )
    return {
        (each["path"], verb.lower()): method
        for each in found["items"]
        for verb, method in each.get("resourceMethods", {}).items()
    }


@pytest.fixture(scope="module")
def methods(
    all_methods: dict[tuple[str, str], dict[str, Any]],
) -> dict[tuple[str, str], dict[str, Any]]:
    """Those of the API; a preflight is a browser's own question, and there with `cors` alone."""
    return {key: each for key, each in all_methods.items() if key[1] != "options"}


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, verb): operation
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    }


def test_paths_and_verbs_are_those_of_the_gateway(
    document: dict[str, Any], methods: dict[tuple[str, str], dict[str, Any]]
) -> None:
    assert set(operations(document)) == set(methods)


def test_a_browser_may_ask_about_each_path_and_no_other(
    document: dict[str, Any], all_methods: dict[tuple[str, str], dict[str, Any]]
) -> None:
    assert {path for path, verb in all_methods if verb == "options"} == set(document["paths"])


def test_parameters_are_those_of_the_gateway(
    document: dict[str, Any], methods: dict[tuple[str, str], dict[str, Any]]
) -> None:
    place = {"query": "querystring", "path": "path", "header": "header"}
    documented = {
        key: {
            f"method.request.{place[each['in']]}.{each['name']}": each.get("required", False)
            for each in operation["parameters"]
        }
        for key, operation in operations(document).items()
    }

    assert documented == {key: each["requestParameters"] for key, each in methods.items()}


def test_what_models_answer_is_streamed_and_nothing_else(
    document: dict[str, Any], methods: dict[tuple[str, str], dict[str, Any]]
) -> None:
    modes = {
        key: each["methodIntegration"].get("responseTransferMode", "BUFFERED")
        for key, each in methods.items()
    }

    assert modes == {
        key: "STREAM" if PROTOCOL in operation.get("tags", []) else "BUFFERED"
        for key, operation in operations(document).items()
    }


def test_the_gateways_own_errors_are_in_the_document(
    document: dict[str, Any], deployment: Deployment
) -> None:
    found = deployment.client("apigateway").get_gateway_responses(
        restApiId=deployment.outputs["api"]["rest_api_id"]
    )
    # It has no status of its own for its two defaults, and 404 is for paths that are none.
    own = {each.get("statusCode") for each in found["items"] if not each["defaultResponse"]}
    own -= {None, "", "404"}

    for operation in operations(document).values():
        expected = own if "requestBody" in operation else own - {"413"}
        assert expected <= set(operation["responses"])


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, "schemathesis")


def test_schemathesis_finds_nothing(door: Door) -> None:
    """Documented answers to whatever it makes up, no server error, no malformed body taken.

    Left out: that each well-formed body is taken (a prompt of white space is not, and no schema can
    say so), and 405 for other verbs (API Gateway knows no such path then).
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(DOCUMENT)),
            *("--url", door.url, "--header", f"Authorization: Bearer {door.key}"),
            *("--checks", "all"),
            *("--exclude-checks", "positive_data_acceptance,unsupported_method"),
            *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "5"),
            *(
                "--seed",
                "1",
                "--workers",
                "1",
                "--no-color",
                "--request-timeout",
                str(HANGS_SECONDS),
            ),
        ],
        cwd=cloud.ROOT / "build",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
