"""The Lambda function of this package: it parses its event, calls the core and answers."""
