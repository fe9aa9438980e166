"""The corpus: documents as chunks, and how chunks are found by their words. Pure."""
