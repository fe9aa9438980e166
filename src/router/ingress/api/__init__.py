"""The HTTP api: what ``router.handlers.api`` answers, apart from Lambda and API Gateway."""
