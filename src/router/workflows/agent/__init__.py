"""Agent: a plan, workers that carry it out, an answer with its confidence, and its form."""
