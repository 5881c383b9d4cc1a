"""What every step shares: one-sentence errors, atomic outputs, the run of a `main`."""

from __future__ import annotations

import argparse
import errno
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


class UserError(Exception):
    """A fault of the input: one sentence that names the file, line or key, and the remedy."""


def parser(doc: str | None) -> argparse.ArgumentParser:
    """The argument parser of a step; its help is the step's own docstring."""
    return argparse.ArgumentParser(
        description=inspect.cleandoc(doc or ""),
        epilog="A study's own calls, all flags and their JSON: snakemake -np --forceall TARGET",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def json_argument(text: str) -> Any:
    """Type of a flag that carries JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not JSON ({error}): {text[:80]}") from None


@contextmanager
def writing(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """A file that takes its name only when the block ends well; text is UTF-8.

    A block that fails leaves neither the file nor a part of it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        text: dict[str, Any] = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
        with open(beside, mode, **text) as handle:
            yield handle
        os.replace(beside, path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk does not say which file it was
        raise
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: str | Path, value: Any) -> None:
    """`value` as indented JSON with sorted keys, written at once or not at all."""
    with writing(path) as handle:
        json.dump(value, handle, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        handle.write("\n")


def read_json(path: str | Path) -> Any:
    """The JSON value of a file.

    Raises:
        UserError: the file is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not JSON ({error}); delete it and run again") from None


def write_lines(path: str | Path, records: Any) -> int:
    """Records as JSON lines; returns how many."""
    count = 0
    with writing(path) as handle:
        for record in records:
            handle.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_lines(path: str | Path) -> list[dict[str, Any]]:
    """The records of a file of JSON lines.

    Raises:
        UserError: a line is not JSON, with its number.
    """
    records = []
    with open(path, encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise UserError(
                    f"{path}:{number} is not JSON ({error}); make the file anew"
                ) from None
    return records


def run(main: Callable[[list[str] | None], None]) -> None:
    """Runs a step from the command line; a fault that a user can mend ends in one sentence."""
    try:
        main(None)
    except UserError as error:
        sys.exit(f"error: {error}")
    except MemoryError:
        sys.exit("error: out of memory; give the rule more, or a smaller micro-batch (profile)")
    except RuntimeError as error:
        if "alloc" in str(error) or "out of memory" in str(error):
            reason = str(error).splitlines()[0]
            sys.exit(f"error: out of memory; try a smaller micro-batch (profile): {reason}")
        raise
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            name = error.filename or "a file"
            sys.exit(f"error: the disk is full while writing {name}; free some and run again")
        if isinstance(error, (FileNotFoundError, PermissionError, IsADirectoryError)):
            reason = f"{error.filename}: {error.strerror}"
            sys.exit(f"error: {reason}; check the path in the configuration")
        raise
