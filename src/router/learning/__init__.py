"""What requests of one's own teach: reports on strategies on trial, and rows to calibrate by."""
