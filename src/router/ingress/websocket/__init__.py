"""The WebSocket API: the workflow runs, and what its model writes is pushed to a connection."""
