"""Takes documents into the corpus: what changed, its text, its chunks, what a model says of it."""
