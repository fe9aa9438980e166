"""Conversations that the providers refuse."""

import pytest
from botocore.exceptions import ClientError

from tests.local_patches.simulator.wire import SONNET, Wire


def test_prefill_and_blank_text_are_refused(wire: Wire) -> None:
    prefilled = [
        {"role": "user", "content": [{"text": "q"}]},
        {"role": "assistant", "content": [{"text": "{"}]},
    ]

    with pytest.raises(ClientError, match="prefill"):
        wire.bedrock.converse(modelId=SONNET, messages=prefilled)
    with pytest.raises(ClientError, match="is blank"):
        wire.converse(text="  ")
