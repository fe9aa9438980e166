"""S3 Vectors: a service that MiniStack does not have."""
