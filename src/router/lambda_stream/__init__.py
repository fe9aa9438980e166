"""The Runtime API's loop for functions that stream: Lambda's own Python runtime does not."""
