"""SQS: dead-letter queues."""
