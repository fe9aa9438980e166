"""Systems Manager: Parameter Store."""
