#!/bin/sh
# Pins every dependency with its hashes. No index's address is written: only names, versions, hashes.
set -eu
cd "$(dirname "$0")/.."
compile() {
    out=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-emit-index-url \
        --python-version 3.11 --custom-compile-command "make lock" --output-file "requirements/$out" "$@"
}
compile dev.lock --extra layer --extra local --extra dev --extra train pyproject.toml
compile function.lock pyproject.toml
# The layer alone: what the function zip already holds is left to it.
printf '%s\n' "anthropic>=2.11" "openai>=3.52" "jsonschema>=4.23" "pypdf>=6" | compile layer.lock -c requirements/dev.lock -
# What tests/clients runs, in environments of its own: LlamaIndex and aider ask for an older openai.
printf '%s\n' anthropic dspy instructor langchain-openai litellm llm openai-agents "pydantic-ai-slim[openai]" | compile clients.lock -
echo "llama-index-llms-openai-like>=0.8" | compile llama-index.lock -
echo aider-chat | compile aider.lock -
compile bench.lock --extra bench --extra train pyproject.toml
echo "checkov==3.3.30" | compile security.lock -
echo "uv" | compile bootstrap.lock -
