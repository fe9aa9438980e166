"""The command line: a module a command, with ``configure(parser)`` and ``run(args) -> int``."""
