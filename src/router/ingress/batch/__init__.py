"""A file of prompts through the workflow: split into chunks, run, added up."""
