"""Fetch files of a data set or models from the Hub, each at its pinned commit, checked by SHA-256.

Files stay in the cache of `huggingface_hub` (HF_HOME); the manifest says where they are, what they
are, and how they are read. With HF_HUB_OFFLINE=1 nothing is asked of the Hub.
"""

from __future__ import annotations

import sys
from typing import Any

from twinlang.cli import UserError, json_argument, parser, run, write_json
from twinlang.hub import pins


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--pins", type=json_argument, required=True, help="what each split is")
    flags.add_argument("--output", required=True, help="manifest, JSON")
    arguments = flags.parse_args(argv)
    splits: dict[str, Any] = arguments.pins
    pins.check(splits.values())
    from twinlang.hub import client  # what is not pinned needs no Hub

    missing = {
        (pin["id"], file["path"]): file["size"]
        for pin in splits.values()
        for file in pin["files"]
        if ".." not in file["path"]
        and not client.cached(pin["id"], pin["revision"], file["path"], form=pins.form(pin))
    }
    if missing:
        client.room(sum(missing.values()))
        told = ", ".join(dict.fromkeys(repo for repo, _ in missing))
        print(f"fetching {sum(missing.values()) / 1e6:,.1f} MB of {told}", file=sys.stderr)
    write_json(arguments.output, {name: fetched(pin) for name, pin in splits.items()})


def fetched(pin: dict[str, Any]) -> dict[str, Any]:
    """A split of the manifest, its files fetched: where each lies and what the Hub calls it."""
    from twinlang.hub import client
    from twinlang.readers import columnar

    files = []
    for file in pin["files"]:
        path = client.checked(pin["id"], pin["revision"], file, form=pins.form(pin))
        name = f"{pin['id']}: {file['path']}"
        if columnar.is_parquet(path) and (rows := columnar.count(path, name=name)) != file["rows"]:
            raise UserError(f"{name} has {rows:,} rows, not {file['rows']:,}; run twinlang lock")
        files.append({**file, "name": file["path"], "path": str(path)})
    return {**pin, "files": files}


if __name__ == "__main__":
    run(main)
