"""What the function that streams adds to its model's answer, beside LiteLLM's proxy."""
