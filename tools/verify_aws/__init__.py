"""What was never verified on AWS, as checks: the same on a real account and on the local cloud."""
