"""Fetches weights that were calibrated on the deployment's own traffic."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from router.analyzer import Analyzer, load
from router.config.settings import Config

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


def calibrated_weights(logger: Logger) -> Path | None:
    """Return the file that ``ANALYZER_WEIGHTS`` (``s3://bucket/key``) names, fetched once.

    Return ``None``, for the weights of the package, if the variable is not set or S3 does not
    return the file: a prompt routed by the shipped weights beats one that is not routed, and the
    row's ``classifier_version`` names the weights that judged it.
    """
    address = os.environ.get("ANALYZER_WEIGHTS")
    return _fetched(address, logger) if address else None


def weights_on_trial(config: Config, logger: Logger) -> dict[str, Analyzer]:
    """Return the analyzers of the weights that shadow and split name, by address.

    Weights that cannot be read are not there: no decision is written in their name.
    """
    named = {trial.weights for trial in (config.shadow, config.split) if trial and trial.weights}
    found = {}
    for address in sorted(named):
        if path := _fetched(address, logger):
            try:
                found[address] = load(path)
            except ValueError as error:
                logger.error("weights not usable", address=address, reason=str(error))
    return found


def _fetched(address: str, logger: Logger) -> Path | None:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    name = hashlib.sha256(address.encode()).hexdigest()
    path = Path(tempfile.gettempdir()) / f"{name}.weights"
    try:
        body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        logger.error("calibrated weights not loaded", address=address, reason=str(error))
        return None
    path.write_bytes(body)
    return path
