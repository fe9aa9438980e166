"""Step Functions: executions, states, JSONata, service integrations."""
