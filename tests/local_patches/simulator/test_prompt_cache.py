"""Marked texts are written to the prompt cache once, and read from then on."""

from tests.local_patches.simulator.wire import QUESTION, SONNET, Wire


def test_marked_instructions_are_written_once_then_read_and_left_out_of_the_rest(
    wire: Wire,
) -> None:
    system = [{"text": "Follow the style guide. " * 100}, {"cachePoint": {"type": "default"}}]

    first, second = (wire.converse(system=system)["usage"] for _ in range(2))

    written = first["cacheWriteInputTokens"]
    assert written == 600
    assert first["cacheDetails"] == [{"ttl": "5m", "inputTokens": written}]
    assert (second["cacheReadInputTokens"], second["cacheWriteInputTokens"]) == (written, 0)
    assert first["inputTokens"] == second["inputTokens"] < 30
    assert first["totalTokens"] == first["inputTokens"] + written + first["outputTokens"]


def test_instructions_without_a_mark_or_below_the_minimum_are_not_kept(wire: Wire) -> None:
    long, short = {"text": "Follow the house style. " * 100}, {"text": "Be brief."}
    mark = {"cachePoint": {"type": "default"}}

    for system in ([long], [short, mark]):
        usages = [wire.converse(system=system)["usage"] for _ in range(2)]

        assert [usage["cacheWriteInputTokens"] for usage in usages] == [0, 0]
        assert [usage["cacheReadInputTokens"] for usage in usages] == [0, 0]


def test_anthropics_own_api_keeps_what_is_marked_as_well(wire: Wire) -> None:
    kept = {"type": "text", "text": "Mind the gap. " * 200, "cache_control": {"type": "ephemeral"}}
    usages = [
        wire.anthropic.messages.create(
            model="claude-sonnet-5-5", max_tokens=99, system=[kept],  # type: ignore[list-item]
            messages=[{"role": "user", "content": QUESTION}],
        ).usage
        for _ in range(2)
    ]  # fmt: skip

    assert usages[0].cache_creation_input_tokens == usages[1].cache_read_input_tokens == 700


def test_marks_after_tools_and_turns_are_kept_too_and_the_longest_is_read(wire: Wire) -> None:
    long, mark = "Mind the gap. " * 200, {"cachePoint": {"type": "default"}}
    spec = {
        "toolSpec": {
            "name": "look",
            "description": long,
            "inputSchema": {"json": {"type": "object"}},
        }
    }
    first = {"role": "user", "content": [{"text": long}, mark]}
    then = [
        {"role": "assistant", "content": [{"text": "Yes?"}]},
        {"role": "user", "content": [{"text": "And now?"}, mark]},
    ]

    usages = [
        wire.bedrock.converse(
            modelId=SONNET, messages=messages, toolConfig={"tools": [spec, mark]}
        )["usage"]
        for messages in ([first], [first, *then])
    ]

    written, read = usages[0]["cacheWriteInputTokens"], usages[1]["cacheReadInputTokens"]
    assert written == read > 1400
    assert 0 < usages[1]["cacheWriteInputTokens"] < 10


def test_a_mark_of_the_whole_request_is_after_its_last_block(wire: Wire) -> None:
    kept = {"cache_control": {"type": "ephemeral"}}

    first, second = (wire.message("Hold the line. " * 200, **kept).usage for _ in range(2))

    assert first.cache_creation_input_tokens == second.cache_read_input_tokens == 750
