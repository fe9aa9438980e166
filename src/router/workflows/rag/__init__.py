"""Answers a question from documents, with citations: what is retrieved, asked and checked."""
