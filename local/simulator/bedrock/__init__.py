"""Amazon Bedrock Runtime: Converse, ConverseStream."""

from local.simulator.bedrock.answering import GUARDRAIL_SAYS, GUARDRAIL_SPOKE, GUARDRAIL_STOPS
from local.simulator.bedrock.converse import Bedrock

__all__ = ["GUARDRAIL_SAYS", "GUARDRAIL_SPOKE", "GUARDRAIL_STOPS", "Bedrock"]
