"""Keeps the user's AWS settings out of the local cloud, and the local cloud's calls off AWS.

A profile, an endpoint or a proxy of the user's shell would send tools elsewhere, or stop them; a
profile that does not exist stops every AWS SDK.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

_LOOPBACK = ("127.0.0.1", "localhost")


def isolate(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take AWS settings out of this process's environment, which its children inherit.

    Proxies stay, since package indexes and registries may need them; loopback goes past them.
    """
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
    environment["AWS_CONFIG_FILE"] = environment["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
    direct = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    hosts = [host for host in direct.split(",") if host]
    hosts += [host for host in _LOOPBACK if host not in hosts]
    environment["NO_PROXY"] = environment["no_proxy"] = ",".join(hosts)
