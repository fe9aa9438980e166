"""What is said between a caller and a model: turns of blocks, tools, and the pieces of a stream.

One form for every protocol that a caller speaks and every provider that answers. Pure.
"""
