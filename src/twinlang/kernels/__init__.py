"""Fused CPU kernels: `fused.cpp`, compiled once a machine and called through ctypes.

Where there is no compiler, or TWINLANG_KERNELS=off, `available()` is false and everything runs in
plain torch, which is the reference of the tests. The library is kept in the user's cache folder,
named by its source, the compiler's flags and the processor.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("fused.cpp")
# NaN must stay NaN, so that a diverging loss is seen: no -ffast-math.
FLAGS = ["-O3", "-march=native", "-std=c++17", "-shared", "-fPIC", "-fopenmp", "-fno-math-errno"]
FLAGS += ["-fno-trapping-math", "-fassociative-math", "-fno-signed-zeros", "-freciprocal-math"]
TYPES = {
    "p": ctypes.c_void_p,
    "n": ctypes.c_int64,
    "f": ctypes.c_float,
    "u": ctypes.c_uint32,
    "i": ctypes.c_int,
}
# Arguments as in fused.cpp: pointers, numbers, floats; `D` is dropout (key, lines, threshold,
# scale); the number of threads is last.
SIGNATURES = {
    "norm_forward": "pppppfppppnnD",
    "norm_backward": "ppppp" + "ppppp" + "nnD",
    "embed_forward": "pppppfpppnnnD",
    "embed_backward": "ppppppp" + "pppp" + "nnnD",
    "gelu_forward": "pppnn",
    "gelu_backward": "pppnn",
    "dropout": "ppnnD",
    "split": "ppfpppnnnn",
    "join": "pppfppnnnn",
    "swap_heads": "ppnnnni",
    "softmax_forward": "pppnnnD",
    "softmax_backward": "ppnnnD",
    "cross_entropy": "pppppnn",
}
PLAIN = {"accumulate": "ppnf", "squares": "pn", "adamw": "pppppnffffffff"}


def available() -> bool:
    """Whether the fused kernels can be used on this machine; the first call may compile them."""
    return _library() is not None


def kernel(name: str, low: bool = False) -> Callable[..., Any]:
    """A kernel for fp32 storage or, with `low`, for bf16."""
    return _kernels()[name, low]


@cache
def _kernels() -> dict[tuple[str, bool], Callable[..., Any]]:
    library = _library()
    assert library is not None
    found: dict[tuple[str, bool], Callable[..., Any]] = {}
    for name, signature in SIGNATURES.items():
        for low, suffix in ((False, "f32"), (True, "bf16")):
            found[name, low] = _typed(getattr(library, f"{name}_{suffix}"), signature)
    for name, signature in PLAIN.items():
        found[name, False] = _typed(getattr(library, name), signature)
    found["squares", False].restype = ctypes.c_double  # type: ignore[attr-defined]
    return found


def _typed(function: Any, signature: str) -> Any:
    codes = signature.replace("D", "npuf") + "i"
    function.argtypes, function.restype = [TYPES[code] for code in codes], None
    return function


@cache
def _library() -> ctypes.CDLL | None:
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")
    if os.environ.get("TWINLANG_KERNELS") == "off" or not compiler:
        return None
    # -march=native depends on the processor: machines that share a home folder may differ.
    processor = " ".join(sorted(processor_flags())) or platform.processor()
    parts = [SOURCE.read_text(encoding="utf-8"), *FLAGS, compiler, processor]
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    path = _cache() / f"fused-{name}.so"
    try:
        if not path.exists():
            _compile(compiler, path)
        return ctypes.CDLL(str(path))
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        reason = said.decode(errors="replace").strip().partition("\n")[0]
        print(f"no fused kernels, plain torch computes: {compiler}: {reason}", file=sys.stderr)
        return None


def _compile(compiler: str, path: Path) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            [compiler, *FLAGS, str(SOURCE), "-o", str(beside)], check=True, capture_output=True
        )
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twinlang"


def processor_flags() -> set[str]:
    """What the processor can do, in the kernel's words; empty where that is not told."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as handle:
            return set(next((line for line in handle if line.startswith("flags")), "").split())
    except OSError:
        return set()
