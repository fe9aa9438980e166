"""EventBridge: rules and connections."""
