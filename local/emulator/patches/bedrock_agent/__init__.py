"""Bedrock: Knowledge Bases."""
