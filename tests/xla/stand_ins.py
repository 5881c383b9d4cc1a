"""Stand-in CUDA libraries: torch's x86-64 wheel then loads without them, for the CPU alone.

python tests/xla/stand_ins.py VENV/lib/python3.11/site-packages/torch/lib FOLDER

Then LD_LIBRARY_PATH=FOLDER. Every stand-in function returns 100, cudaErrorNoDevice. Needs gcc and
binutils.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

FREE = re.compile(r"^(cu[A-Za-z]|nccl|nv|__cuda|__nv|cupti)")  # symbols without a version


def readelf(flags: list[str], library: Path) -> list[str]:
    command = ["readelf", *flags, "-W", str(library)]
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()


def main(source: Path, target: Path) -> None:
    libraries = list(source.glob("lib*.so*"))
    names = {library.name for library in libraries}
    needed = {
        found[1]
        for library in libraries
        for line in readelf(["-d"], library)
        if (found := re.search(r"NEEDED.*\[(lib(?:cu|nv|nccl).*?)\]", line))
    } - names
    owner: dict[str, str] = {}  # of a symbol version
    wanted: dict[str, set[str]] = defaultdict(set)  # symbols of each library; "" where unknown
    defined: set[str] = set()
    for library in libraries:
        current = ""
        for line in readelf(["-V"], library):
            if found := re.search(r"File: (\S+)", line):
                current = found[1]
            found = re.search(r"Name: (\S+)\s+Flags", line)
            if found and current in needed:
                owner[found[1]] = current
        for line in readelf(["--dyn-syms"], library):
            part = line.split()
            if len(part) < 8 or not part[0].endswith(":"):
                continue
            symbol, _, version = part[7].partition("@")
            version = version.lstrip("@")
            if part[6] != "UND":
                defined.add(symbol)
            elif version in owner or not version:
                wanted[owner.get(version, "")].add(symbol)
    free = {symbol for symbol in wanted[""] - defined if FREE.match(symbol)}
    target.mkdir(parents=True, exist_ok=True)
    for name in sorted(needed):
        extra = free if name in ("libcuda.so.1", "libcudart.so.12") else set()
        versions = [version for version, library in owner.items() if library == name]
        compile_one(target, name, sorted(wanted[name] | extra), versions[:1])


def compile_one(folder: Path, name: str, symbols: list[str], versions: list[str]) -> None:
    source = folder / "stand_in.c"
    source.write_text("".join(f"int {s}(void){{return 100;}}\n" for s in symbols or ["stand_in"]))
    command = ["gcc", "-w", "-fno-builtin", "-shared", "-fPIC", "-o", str(folder / name)]
    command += [f"-Wl,-soname,{name}", str(source)]
    for version in versions:
        (folder / "versions").write_text(f"{version} {{ global: *; }};\n")
        command.append(f"-Wl,--version-script={folder / 'versions'}")
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
