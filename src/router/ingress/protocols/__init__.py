"""The protocols that clients speak: one codec each between their bodies and a request of ours."""
