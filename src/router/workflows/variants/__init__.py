"""Variants: one prompt in many forms, or asked several times; the best answer, and why."""
