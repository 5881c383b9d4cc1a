"""Files of the Hub at a commit, through `huggingface_hub`, and its faults in one sentence each.

Endpoint, token, cache, proxy and offline mode are the library's own settings (HF_ENDPOINT,
HF_TOKEN, HF_HOME, HTTPS_PROXY, HF_HUB_OFFLINE). A token is never shown.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, RepoFile, constants, hf_hub_download
from huggingface_hub import errors as faults

from twinlang.cli import UserError

TRIES = 5  # of a download whose connection ends hard; the library itself goes on after soft ends
DATASET = "dataset"  # what a repository is unless `form` says `model`
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def told(what: str, form: str = DATASET) -> Iterator[None]:
    """Faults of the library as one sentence about `what`, an id of the Hub.

    Raises:
        UserError: in place of each.
    """
    try:
        yield
    except (OSError, httpx2.TransportError) as error:
        if sentence := _absent(error, what, form) or _interrupted(error, what):
            raise UserError(sentence) from None
        raise


def _absent(error: Exception, what: str, form: str) -> str:
    """What the Hub does not have, or does not give."""
    page = f"{constants.ENDPOINT}/{constants.REPO_TYPES_URL_PREFIXES.get(form, '')}{what}"
    if isinstance(error, faults.GatedRepoError):
        return f"{what} is gated; accept its terms at {page}, then set HF_TOKEN to a token of yours"
    if isinstance(error, faults.RevisionNotFoundError):
        return (
            f"the commit of {what} that is pinned is no longer on the Hub; run twinlang lock, "
            "which says what changed"
        )
    if isinstance(error, faults.RepositoryNotFoundError):
        return f"{what} is not on the Hub, or not for you; see {page}, and set HF_TOKEN if private"
    if isinstance(error, faults.RemoteEntryNotFoundError):
        return f"a file of {what} is not on the Hub ({_first(error)}); run twinlang lock"
    return ""


def _interrupted(error: Exception, what: str) -> str:
    """What kept the Hub from answering, or this machine from listening."""
    if isinstance(error, faults.OfflineModeIsEnabled | faults.LocalEntryNotFoundError):
        reason = "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else "the Hub is not reached"
        if status := getattr(getattr(error.__cause__, "response", None), "status_code", None):
            reason = f"the Hub answers {status}"
        where = f"run again where {constants.ENDPOINT} answers"
        return f"{what} is not in the cache and {reason}; {where}"
    if isinstance(error, faults.HfHubHTTPError):
        return f"the Hub answers {error.response.status_code} for {what}; run again later"
    if isinstance(error, httpx2.TransportError):
        return f"the connection for {what} broke off ({_first(error)}); run again to go on"
    if isinstance(error, OSError) and error.errno in FULL:
        return (
            f"the disk of {constants.HF_HUB_CACHE} filled up while {what} was fetched; free some, "
            "or move the cache (HF_HOME), and run again"
        )
    return ""


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def commit(repo: str, revision: str, *, form: str = DATASET) -> tuple[str, dict[str, Any]]:
    """The commit that a branch, tag or commit stands for, and the card of the repository there."""
    with told(repo, form):
        try:
            info = HfApi().repo_info(repo, revision=revision, repo_type=form)
        except faults.RevisionNotFoundError:
            sentence = f"{repo} has no branch, tag or commit {revision!r}; mend its `revision`"
            raise UserError(sentence) from None
        card = getattr(info, "card_data", None)
        return str(info.sha), card.to_dict() if card else {}


def tree(repo: str, revision: str, *, form: str = DATASET) -> dict[str, RepoFile]:
    """Every file of a commit by its path."""
    with told(repo, form):
        found = HfApi().list_repo_tree(repo, recursive=True, revision=revision, repo_type=form)
        return {entry.path: entry for entry in found if isinstance(entry, RepoFile)}


def download(
    repo: str, revision: str, path: str, *, form: str = DATASET, anew: bool = False
) -> Path:
    """A file in the library's cache, fetched unless it is there.

    Raises:
        UserError: it cannot be fetched, or the disk is full.
    """
    with told(repo, form):
        for left in reversed(range(TRIES)):
            try:
                return Path(
                    hf_hub_download(
                        repo, path, revision=revision, repo_type=form, force_download=anew
                    )
                )
            except httpx2.TransportError:
                if not left:
                    raise
    raise AssertionError


def checked(repo: str, revision: str, file: Mapping[str, Any], *, form: str = DATASET) -> Path:
    """A pinned file whose size and SHA-256 are those of its pin; a wrong one is fetched once more.

    Raises:
        UserError: it differs after that as well, and what differs.
    """
    if ".." in Path(file["path"]).parts or Path(file["path"]).is_absolute():
        raise UserError(f"{repo}: {file['path']} leads out of the repository; do not use it")
    path = download(repo, revision, file["path"], form=form)
    if wrong := differs(path, file):
        if online():
            path = download(repo, revision, file["path"], form=form, anew=True)
        wrong = differs(path, file)
    if wrong:
        blob = path.resolve()
        path.unlink(missing_ok=True)
        blob.unlink(missing_ok=True)
        raise UserError(
            f"{repo}: {file['path']} is not what is pinned: {wrong}; "
            "run again, and if it stays so, twinlang lock, which says what changed"
        )
    return path


def differs(path: Path, file: Mapping[str, Any]) -> str:
    """What of a file is not as pinned; empty if all is."""
    if (found := path.stat().st_size) != file["size"]:
        return f"size {found:,} instead of {file['size']:,}"
    if (digest := sha256(path)) != file["sha256"]:
        return f"sha256 {digest[:12]}... instead of {file['sha256'][:12]}..."
    return ""


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def online() -> bool:
    return not constants.HF_HUB_OFFLINE


def room(needed: int) -> None:
    """Does nothing if the cache's disk has room for so many bytes.

    Raises:
        UserError: it has not.
    """
    folder = Path(constants.HF_HUB_CACHE)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"the disk of {constants.HF_HUB_CACHE} is full: {needed / 1e6:,.0f} MB are needed and "
            f"{free / 1e6:,.0f} MB free; free some, or move the cache (HF_HOME), and run again"
        )


def cached(repo: str, revision: str, path: str, *, form: str = DATASET) -> bool:
    """Whether a file is in the cache already."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, path, revision=revision, repo_type=form)
    return isinstance(found, str) and os.path.exists(found)
