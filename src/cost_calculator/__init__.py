"""Turns provider usage into exact, explained, exactly-once costs."""
