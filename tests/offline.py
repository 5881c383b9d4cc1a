"""No test reaches beyond this machine: what tries to fails at once, with what it tried."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

NOWHERE = "http://127.0.0.1:9"  # a proxy that nobody answers, for child processes


def forbid_network() -> None:
    """From now on, connections to other machines raise; child processes have a dead proxy."""
    sys.addaudithook(_refuse)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ[name] = os.environ[name.lower()] = NOWHERE
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "localhost"  # a socket of files
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    own = (None, "", "localhost", "::1", "::", "0.0.0.0", socket.gethostname())
    if host not in own and not str(host).startswith("127."):
        raise RuntimeError(f"a test must not reach the network, and asked for {host}")
