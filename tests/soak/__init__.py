"""A long run of requests under faults of all kinds, and the audit of what is left of it."""
