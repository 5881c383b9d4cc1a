"""Tests reach no network: neither this process nor its children."""

from __future__ import annotations

import subprocess
import sys
import urllib.request

import pytest

from tests.hub_server import Hub

GET = "import urllib.request; urllib.request.urlopen('http://{}', timeout=5)"


def test_other_machines_are_out_of_reach(hub: Hub) -> None:
    with pytest.raises(RuntimeError, match=r"must not reach the network, and asked for 192.0.2.1"):
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open("http://192.0.2.1")
    with pytest.raises(OSError):
        urllib.request.urlopen("http://example.org", timeout=5)
    child = subprocess.run(
        [sys.executable, "-c", GET.format("example.org")], capture_output=True, check=False
    )
    assert child.returncode == 1 and b"Connection refused" in child.stderr
    assert not hub.requests
