"""Makes the price book from genai-prices and compares it with LiteLLM's published table."""
