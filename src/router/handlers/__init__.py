"""The Lambda functions: each parses its event, calls the core and answers."""
