"""API Gateway: keys, denials, updates, MOCK integrations."""
