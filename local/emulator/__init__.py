"""MiniStack as the local AWS, with what it lacks supplied by `local.emulator.patches`."""
