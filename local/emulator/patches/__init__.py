"""One module for each gap between AWS and the emulator, in a folder by service.

Each describes what AWS does and what MiniStack does, and registers its replacements (`registry`).
"""

import pkgutil
from importlib import import_module

from local.emulator.patches import registry


def apply_all() -> None:
    """Import every patch, then apply them, once, in this process."""
    for found in pkgutil.walk_packages(__path__, f"{__name__}."):
        import_module(found.name)
    registry.apply()
