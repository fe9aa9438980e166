"""The HTTP door: what ``router.handlers.api`` answers, apart from Lambda and API Gateway."""
