"""DynamoDB: items and transactions."""
