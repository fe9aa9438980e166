"""One conversation with tools, in the words of whichever of the four APIs."""

from __future__ import annotations

from typing import Any

from tests.local_patches.simulator.wire import HAIKU, Wire

WEATHER = {
    "type": "object",
    "properties": {
        "place": {"$ref": "#/$defs/Place"},
        "unit": {"enum": ["C", "F"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["place", "unit", "days"],
    "$defs": {
        "Place": {
            "type": "object",
            "properties": {"city": {"type": "string", "minLength": 2}},
            "required": ["city"],
        }
    },
}
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}
SCHEMAS = {"get_weather": WEATHER, "ping": NOTHING}
APIS = ("converse", "chat", "respond", "message")


class Talk:
    """One conversation with tools, in the words of one of the four APIs."""

    def __init__(self, wire: Wire, api: str, question: str) -> None:
        self.wire, self.api = wire, api
        self.turns: list[Any] = [{"role": "user", "content": question}]
        if api == "converse":
            self.turns = [{"role": "user", "content": [{"text": question}]}]

    def ask(self, choice: str | None = None, **more: Any) -> Any:
        """Ask, and keep the answer as a turn."""
        return getattr(self, f"_{self.api}")(choice, more)

    def _converse(self, choice: str | None, more: dict[str, Any]) -> Any:
        tools = [
            {"toolSpec": {"name": name, "inputSchema": {"json": schema}}}
            for name, schema in SCHEMAS.items()
        ]
        config: dict[str, Any] = {"tools": tools}
        if choice:
            config["toolChoice"] = {"any": {}} if choice == "any" else {"tool": {"name": choice}}
        answer = self.wire.bedrock.converse(
            modelId=HAIKU, messages=self.turns, toolConfig=config, **more
        )
        self.turns.append(answer["output"]["message"])
        return answer

    def _chat(self, choice: str | None, more: dict[str, Any]) -> Any:
        tools = [
            {"type": "function", "function": {"name": name, "parameters": schema}}
            for name, schema in SCHEMAS.items()
        ]
        if choice:
            named = {"type": "function", "function": {"name": choice}}
            more["tool_choice"] = "required" if choice == "any" else named
        answer = self.wire.chat(messages=self.turns, tools=tools, **more)
        self.turns.append(answer.choices[0].message)
        return answer

    def _respond(self, choice: str | None, more: dict[str, Any]) -> Any:
        tools = [
            {"type": "function", "name": name, "parameters": schema, "strict": False}
            for name, schema in SCHEMAS.items()
        ]
        if choice:
            named = {"type": "function", "name": choice}
            more["tool_choice"] = "required" if choice == "any" else named
        answer = self.wire.respond(self.turns, tools=tools, **more)
        self.turns += answer.output
        return answer

    def _message(self, choice: str | None, more: dict[str, Any]) -> Any:
        tools = [{"name": name, "input_schema": schema} for name, schema in SCHEMAS.items()]
        if choice:
            named = {"type": "tool", "name": choice}
            more["tool_choice"] = {"type": "any"} if choice == "any" else named
        answer = self.wire.message(messages=self.turns, tools=tools, **more)
        self.turns.append({"role": "assistant", "content": answer.content})
        return answer

    def calls(self, answer: Any) -> list[tuple[str, str, Any]]:
        """(id, name, arguments) of the calls of an answer, arguments of text as they are."""
        if self.api == "converse":
            blocks = answer["output"]["message"]["content"]
            uses = [block["toolUse"] for block in blocks if "toolUse" in block]
            return [(use["toolUseId"], use["name"], use["input"]) for use in uses]
        if self.api == "chat":
            made = answer.choices[0].message.tool_calls or []
            return [(each.id, each.function.name, each.function.arguments) for each in made]
        if self.api == "respond":
            items = [item for item in answer.output if item.type == "function_call"]
            return [(item.call_id, item.name, item.arguments) for item in items]
        return [(b.id, b.name, b.input) for b in answer.content if b.type == "tool_use"]

    def text(self, answer: Any) -> str:
        if self.api == "converse":
            blocks = answer["output"]["message"]["content"]
            return "".join(block.get("text", "") for block in blocks)
        if self.api == "chat":
            return answer.choices[0].message.content or ""
        if self.api == "respond":
            return str(answer.output_text)
        return "".join(block.text for block in answer.content if block.type == "text")

    def reason(self, answer: Any) -> str:
        if self.api == "converse":
            return str(answer["stopReason"])
        if self.api == "chat":
            return str(answer.choices[0].finish_reason)
        return str(answer.status if self.api == "respond" else answer.stop_reason)

    def results(self, **by_id: str) -> None:
        """Give the results of the last calls."""
        if self.api == "converse":
            content = [
                {"toolResult": {"toolUseId": each, "content": [{"text": text}]}}
                for each, text in by_id.items()
            ]
            self.turns.append({"role": "user", "content": content})
        elif self.api == "chat":
            self.turns += [
                {"role": "tool", "tool_call_id": each, "content": text}
                for each, text in by_id.items()
            ]
        elif self.api == "respond":
            self.turns += [
                {"type": "function_call_output", "call_id": each, "output": text}
                for each, text in by_id.items()
            ]
        else:
            content = [
                {"type": "tool_result", "tool_use_id": each, "content": text}
                for each, text in by_id.items()
            ]
            self.turns.append({"role": "user", "content": content})
