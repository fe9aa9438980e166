"""Model providers on loopback: their wire formats, faults on order, a log of every call."""
