"""Training of the shipped weights and the benchmarks; nothing here runs in production."""
