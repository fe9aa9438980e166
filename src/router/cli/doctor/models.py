"""Whether the models can be called: keys, the connection, AWS's model catalogue, prices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.book import BOOK_PATH, PriceBook, PriceUnknown, read_overrides
from cost_calculator.cli.deployed import Deployment
from cost_calculator.retirements import retirement_of
from router.catalog.providers import PROVIDERS
from router.catalog.service_tiers import mode_of
from router.cli.doctor.checks import Check, Finding, failed, ok, unchecked
from router.conversation.blocks import Conversation, Text, Turn
from router.invocation.call import ModelCall
from router.providers.call_json import call_to_json

GEOGRAPHIES = ("us.", "us-gov.", "eu.", "apac.", "au.", "jp.", "ca.", "global.")
KEYS = {name: spec.key_variable for name, spec in PROVIDERS.items() if spec.key_variable}
_MODEL_ACCESS = "AWS console > Bedrock > Model catalog: open the model and request access"


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the configuration, as it is called."""

    provider: str
    id: str
    service_tier: str | None = None
    latency: str | None = None

    @property
    def mode(self) -> str:
        """The mode in which its calls are priced."""
        return mode_of(self.service_tier, self.latency)


def provider_checks(deployment: Deployment, *, paid: bool) -> list[Check]:
    """Return the checks; ``paid`` ones call each model once."""
    look = _Look(deployment)
    checks = [
        Check("api keys", look.keys, "terraform apply"),
        Check("connection", look.connection, "terraform apply"),
        Check("models", look.catalogue, "terraform output models"),
        Check("guardrail", look.guardrail, "terraform apply"),
        Check("prices", look.prices, "terraform apply"),
        Check("retirements", look.retirements, "terraform apply"),
    ]
    if paid:
        checks.append(Check("answers", look.answers, "terraform apply"))
    return checks


class _Look:
    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def _models(self) -> list[Model]:
        """Return every model that may be called, each once."""
        config = json.loads(self._deployment.settings("analyze")["FAREGATE_CONFIG"])
        calls = [call for tier in config["tiers"].values() for call in (tier, *tier["fallbacks"])]
        analyzer = config.get("analyzer", {})
        if analyzer.get("strategy") in ("llm", "hybrid"):
            calls.append(analyzer)
        return list(
            dict.fromkeys(
                Model(
                    call["provider"], call["model"], call.get("service_tier"), call.get("latency")
                )
                for call in calls
            )
        )

    def keys(self) -> Iterator[Finding]:
        for provider in sorted({model.provider for model in self._models()} & KEYS.keys()):
            parameter = self._deployment.environment("invoke_model").get(KEYS[provider])
            if parameter is None:
                yield failed(
                    "api keys",
                    f"models of {provider} are named, and no parameter holds its key",
                    f"set {provider}.api_key_parameter, then terraform apply",
                )
            elif found := self._parameter(parameter):
                yield ok("api keys", f"{parameter} is there, of {found['LastModifiedDate']:%F %R}")
            else:
                yield failed("api keys", f"{parameter} is not there", _put(parameter, provider))

    def _parameter(self, name: str) -> dict[str, Any] | None:
        """Return what is known about a parameter; its value is never asked for."""
        answer = self._deployment.client("ssm").describe_parameters(
            ParameterFilters=[{"Key": "Name", "Values": [name]}]
        )
        found: dict[str, Any] | None = next(iter(answer["Parameters"]), None)
        return found

    def connection(self) -> Iterator[Finding]:
        events = self._deployment.client("events")
        destination = events.describe_api_destination(Name=f"{self._deployment.name}-openai")
        name = destination["ConnectionArn"].split("/")[1]
        found = events.describe_connection(Name=name)
        sync = self._deployment.function("sync_api_key")
        fix = f"aws lambda invoke --function-name {sync} /dev/stdout"
        if found["ConnectionState"] != "AUTHORIZED":
            reason = found.get("StateReason", "")
            yield failed("connection", f"{name} is {found['ConnectionState']} {reason}", fix)
            return
        yield ok("connection", f"{name} is AUTHORIZED")
        try:
            environment = self._deployment.environment("sync_api_key")
        except ClientError:
            yield unchecked("connection", f"{name} is your own, and so is its key")
            return
        parameter = self._parameter(environment[KEYS["openai"]])
        if parameter is None:
            yield failed(
                "connection", "no key to sync yet", _put(environment[KEYS["openai"]], "openai")
            )
        elif found["LastModifiedTime"] < parameter["LastModifiedDate"]:
            yield failed("connection", "the key was changed after its last sync", fix)
        else:
            yield ok("connection", "the key was synced after its last change")

    def catalogue(self) -> Iterator[Finding]:
        endpoint = self._deployment.environment("invoke_model").get(
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", ""
        )
        for model in self._models():
            if model.provider != "bedrock":
                continue
            if endpoint.startswith("http://"):
                yield unchecked("models", f"{model.id} is served by {endpoint}; --paid asks it")
                continue
            yield from self._profile(model.id)

    def _profile(self, id: str) -> Iterator[Finding]:
        bedrock, region = self._deployment.client("bedrock"), self._deployment.region
        is_profile = id.startswith(GEOGRAPHIES) or "inference-profile/" in id
        base = id.rsplit("/", maxsplit=1)[-1]
        try:
            if is_profile:
                found = bedrock.get_inference_profile(inferenceProfileIdentifier=id)
                status, base = found["status"], found["models"][0]["modelArn"].split("/")[-1]
            else:
                found = bedrock.get_foundation_model(modelIdentifier=id)
                status = found["modelDetails"]["modelLifecycle"]["status"]
        except ClientError as error:
            if code_of(error) not in (
                "ResourceNotFoundException",
                "ValidationException",
            ):
                raise
            kind = "profile" if is_profile else "model"
            yield failed(
                "models",
                f"{id} is no {kind} of {region}",
                "aws bedrock list-inference-profiles; then bedrock.profile_prefix or models, and"
                " terraform apply",
            )
            return
        if status not in ("ACTIVE", "LEGACY"):
            yield failed("models", f"{id} is {status}", "name another model, then terraform apply")
            return
        access = bedrock.get_foundation_model_availability(modelId=base)
        missing = [
            f"{what} {state}"
            for what, state, good in (
                ("authorization", access["authorizationStatus"], "AUTHORIZED"),
                ("entitlement", access["entitlementAvailability"], "AVAILABLE"),
                ("agreement", access["agreementAvailability"]["status"], "AVAILABLE"),
                ("region", access["regionAvailability"], "AVAILABLE"),
            )
            if state != good
        ]
        if missing:
            yield failed("models", f"{id}: {', '.join(missing)}", _MODEL_ACCESS)
        else:
            yield ok("models", f"{id} is {status}, and access is granted")

    def guardrail(self) -> Iterator[Finding]:
        environment = self._deployment.environment("invoke_model")
        id = environment.get("BEDROCK_GUARDRAIL_ID")
        if id is None:
            return
        version = environment["BEDROCK_GUARDRAIL_VERSION"]
        if environment.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "").startswith("http://"):
            yield unchecked("guardrail", f"{id} is not AWS's")
            return
        bedrock = self._deployment.client("bedrock")
        found = bedrock.get_guardrail(guardrailIdentifier=id, guardrailVersion=version)
        if found["status"] == "READY":
            yield ok("guardrail", f"{id}, version {version}, is READY")
        else:
            fix = f"aws bedrock get-guardrail --guardrail-identifier {id}"
            yield failed("guardrail", f"{id}, version {version}, is {found['status']}", fix)

    def prices(self) -> Iterator[Finding]:
        text = self._deployment.settings("price_rows").get("PRICE_OVERRIDES", "")
        book = PriceBook(json.loads(BOOK_PATH.read_text(encoding="utf-8")), read_overrides(text))
        now, region = datetime.now(UTC), self._deployment.region
        for model in self._models():
            try:
                book.find(model.provider, model.id, now, model.mode, region)
            except PriceUnknown as error:
                yield failed("prices", str(error), "add a row to `prices`, then terraform apply")
            else:
                yield ok("prices", f"{model.provider} {model.id} has a {model.mode} price")

    def retirements(self) -> Iterator[Finding]:
        """Name models past the day on which they retire; providers move that day, so look it up."""
        today = datetime.now(UTC).date()
        for model in self._models():
            day = retirement_of(model.provider, model.id)
            named = f"{model.provider} {model.id}"
            if day is None:
                yield ok("retirements", f"no day is known on which {named} retires")
            elif day > today:
                yield ok("retirements", f"{named} retires on {day}, in {(day - today).days} days")
            else:
                fix = "name another model in `models`, then terraform apply"
                yield failed("retirements", f"{named} retired on {day}", fix)

    def answers(self) -> Iterator[Finding]:
        """Call each model through the function, with its role, key and endpoint."""
        client = self._deployment.client("lambda")
        name = self._deployment.function("invoke_model")
        for model in self._models():
            call = ModelCall(
                provider=model.provider,
                model=model.id,
                conversation=Conversation((Turn("user", (Text("Say yes."),)),)),
                max_tokens=16,
                request_id="doctor",
                service_tier=model.service_tier,
                latency=model.latency,
            )
            # Without a plan there is no run, and nothing is recorded.
            event = {"call": call_to_json(call, http=False), "plan": None}
            answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
            payload = json.loads(answer["Payload"].read())
            cause = payload.get("errorType")
            # An answer cut off at 16 tokens, or thought away, is an answer of a model that works.
            if "FunctionError" not in answer or cause in ("BadResponse", "Refused", "Filtered"):
                yield ok("answers", f"{model.provider} {model.id} answers")
            else:
                page = "docs/runbook.md#a-request-failed-cause-on-the-request-row"
                yield failed("answers", f"{model.provider} {model.id}: {cause}", f"see {page}")


def _put(parameter: str, provider: str) -> str:
    variable = f"{provider.upper()}_API_KEY"
    return (
        f"aws ssm put-parameter --name {parameter} --type SecureString --overwrite"
        f' --value "${variable}"'
    )
