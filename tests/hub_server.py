"""A Hub on loopback for the tests: what `huggingface_hub` asks for, from commits of the tests.

It speaks: info of a data set or model by revision, tree (in pages), paths-info, resolve with ETag,
ranges and redirects of large files. It misbehaves on order: statuses, cut connections, wrong bytes,
gates, moved or deleted revisions. As a proxy it answers for any host.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

LARGE = (".parquet", ".gz", ".safetensors", ".pt")  # kept apart from git, reached by a redirect
PAGE = 3  # entries of a page of a tree: small, so that clients must turn it
KINDS = r"(?P<kind>datasets|models)"
NAME = r"(?P<repo>[\w.-]+/[\w.-]+)"
INFO = re.compile(rf"/api/{KINDS}/{NAME}(?:/revision/(?P<revision>[^/]+))?")
TREE = re.compile(rf"/api/{KINDS}/{NAME}/tree/(?P<revision>[^/]+)(?P<path>/.*)?")
PATHS = re.compile(rf"/api/{KINDS}/{NAME}/paths-info/(?P<revision>[^/]+)")
RESOLVE = re.compile(rf"/(?:(?P<kind>datasets)/)?{NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


@dataclass
class Repo:
    """Commits by their sha, oldest first, and where the branches point."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    gated: bool = False

    def commit(self, revision: str) -> str | None:
        sha = self.branches.get(revision, revision)
        return sha if sha in self.commits else None


@dataclass
class Fault:
    """What goes wrong with requests whose path matches, so many times."""

    pattern: str
    times: int
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = -1  # bytes that are sent before the connection ends
    spoil: bool = False  # a byte is changed


class Hub:
    """The server; `requests` lists the method, path and status of all that was asked."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, int]] = []
        self.tokens: set[str] = set()
        self.leaks = 0  # tokens that were sent to the host of large files
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Of", (_Handler,), {"hub": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def clear(self) -> None:
        """As new, at the same address."""
        self.leaks = 0
        for part in (self.repos, self.faults, self.requests, self.tokens):
            part.clear()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(
        self,
        repo: str,
        files: Mapping[str, bytes],
        *,
        card: Mapping[str, Any] | None = None,
        branch: str = "main",
    ) -> str:
        """A commit with exactly these files, a card in front of its README; returns its sha."""
        kept = dict(files)
        if card is not None:
            kept["README.md"] = f"---\n{yaml.safe_dump(dict(card))}---\n# {repo}\n".encode()
        found = self.repos.setdefault(repo, Repo())
        content = "".join(f"{path}{_sha1(data)}" for path, data in sorted(kept.items()))
        sha = hashlib.sha1(f"{repo}{len(found.commits)}{content}".encode()).hexdigest()
        found.commits[sha] = kept
        found.branches[branch] = sha
        return sha

    def delete(self, repo: str, sha: str) -> None:
        """A commit that is no longer there, as after a forced push."""
        del self.repos[repo].commits[sha]

    def fail(self, pattern: str, *, times: int = 1, **fault: Any) -> None:
        """The next requests whose path matches go wrong; the method stands before the path."""
        self.faults.append(Fault(pattern, times, **fault))

    def fault(self, line: str) -> Fault | None:
        """The first fault that is left for a request."""
        for fault in self.faults:
            if fault.times and fnmatch.fnmatch(line, fault.pattern):
                fault.times -= 1
                return fault
        return None

    def asked(self, pattern: str) -> int:
        """How many requests matched."""
        return sum(fnmatch.fnmatch(f"{m} {path}", pattern) for m, path, _ in self.requests)


def _sha1(data: bytes) -> str:
    """The name that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _entry(path: str, data: bytes) -> dict[str, Any]:
    """A file as the tree lists it."""
    found: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": _sha1(data)}
    if path.endswith(LARGE):
        oid = hashlib.sha256(data).hexdigest()
        found["lfs"] = {"oid": oid, "size": len(data), "pointerSize": 130}
    return found


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept, not printed."""

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        parts = urlsplit(self.path)  # a proxy is asked for the whole address
        self.at, self.query = unquote(parts.path), parse_qs(parts.query)
        self.sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.broken = self.hub.fault(f"{self.command} {self.at}")
        if self.broken and self.broken.status:
            return self.reply(self.broken.status, b"ordered", self.broken.headers)
        if large := re.fullmatch(r"/large/(?P<oid>[0-9a-f]{64})", self.at):
            self.hub.leaks += "Authorization" in self.headers
            return self.large(large["oid"])
        found = [(p, m) for p in (TREE, PATHS, INFO, RESOLVE) if (m := p.fullmatch(self.at))]
        if not found:
            return self.reply(404, b"", {"X-Error-Code": "RepoNotFound"})
        pattern, match = found[0]
        self.inside(pattern, match["repo"], unquote(match["revision"] or "main"), match)

    def inside(self, pattern: re.Pattern[str], name: str, revision: str, match: Any) -> None:
        """What is asked of one repository."""
        repo = self.hub.repos.get(name)
        if repo is None:
            return self.reply(401, b"", {"X-Error-Code": "RepoNotFound"})
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if repo.gated and pattern is RESOLVE and token not in self.hub.tokens:
            status = 403 if token else 401
            why = {"X-Error-Code": "GatedRepo", "X-Error-Message": f"Access to {name} is gated."}
            return self.reply(status, b"", why)
        sha = repo.commit(revision)
        if sha is None:
            return self.reply(404, b"", {"X-Error-Code": "RevisionNotFound"})
        files = repo.commits[sha]
        if pattern is RESOLVE:
            return self.resolve(sha, match["path"], files)
        if pattern is INFO:
            return self.json(self.info(repo, name, sha, files))
        if pattern is PATHS:
            asked = parse_qs(self.sent.decode()).get("paths", [])
            if (self.headers.get("Content-Type") or "").startswith("application/json"):
                asked = json.loads(self.sent)["paths"]
            return self.json([_entry(path, files[path]) for path in asked if path in files])
        self.tree(files, (match["path"] or "").strip("/"))

    def info(self, repo: Repo, name: str, sha: str, files: dict[str, bytes]) -> dict[str, Any]:
        card = re.match(rb"---\n(.*?)---\n", files.get("README.md", b""), re.DOTALL)
        return {
            "id": name,
            "sha": sha,
            "private": False,
            "gated": "auto" if repo.gated else False,
            "disabled": False,
            "tags": [],
            "siblings": [{"rfilename": path} for path in files],
            "cardData": yaml.safe_load(card[1]) if card else None,
        }

    def tree(self, files: dict[str, bytes], path: str) -> None:
        inside = sorted(p for p in files if p.startswith(f"{path}/" if path else ""))
        if path and not inside:
            return self.reply(404, b"", {"X-Error-Code": "EntryNotFound"})
        found = list(self.level(inside, path, files))
        start = int(self.query.get("cursor", ["0"])[0])
        more = {}
        if start + PAGE < len(found):
            host = self.headers.get("Host")
            recursive = self.query.get("recursive", ["False"])[0]
            here = f"http://{host}{urlsplit(self.path).path}"
            link = f"<{here}?recursive={recursive}&cursor={start + PAGE}>"
            more = {"Link": f'{link}; rel="next"'}
        self.json(found[start : start + PAGE], more)

    def level(
        self, inside: list[str], path: str, files: dict[str, bytes]
    ) -> Iterator[dict[str, Any]]:
        """Files, and the folders where the tree is not asked for whole."""
        folders = set()
        whole = self.query.get("recursive", ["False"])[0].lower() == "true"
        for name in inside:
            rest = name.removeprefix(f"{path}/") if path else name
            if "/" not in rest or whole:
                yield _entry(name, files[name])
            elif (folder := name[: len(name) - len(rest) + rest.index("/")]) not in folders:
                folders.add(folder)
                yield {"type": "directory", "path": folder, "oid": _sha1(folder.encode())}

    def resolve(self, sha: str, path: str, files: dict[str, bytes]) -> None:
        if path not in files:
            missing = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha}
            return self.reply(404, b"", missing)
        data, headers = files[path], {"X-Repo-Commit": sha}
        if not path.endswith(LARGE):
            return self.file(data, {**headers, "ETag": f'"{_sha1(data)}"'})
        oid = hashlib.sha256(data).hexdigest()
        headers |= {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(data))}
        # Another host, as on the Hub: clients must not take their token there.
        host = self.headers["Host"].replace("127.0.0.1", "localhost").replace("hub.", "large.")
        self.reply(302, b"", {**headers, "Location": f"http://{host}/large/{oid}"})

    def large(self, oid: str) -> None:
        every = (d for r in self.hub.repos.values() for c in r.commits.values() for d in c.values())
        for data in every:
            if hashlib.sha256(data).hexdigest() == oid:
                return self.file(data, {"ETag": f'"{oid}"'})
        self.reply(404, b"")

    def file(self, data: bytes, headers: Mapping[str, str]) -> None:
        """A file, or the part of it that is asked for."""
        if self.broken and self.broken.spoil:
            data = bytes([data[0] ^ 1]) + data[1:]
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not part:
            return self.reply(200, data, headers)
        start, end = int(part[1]), min(int(part[2] or len(data) - 1), len(data) - 1)
        place = {"Content-Range": f"bytes {start}-{end}/{len(data)}"}
        if start > end:
            return self.reply(416, b"", {"Content-Range": f"bytes */{len(data)}"})
        self.reply(206, data[start : end + 1], {**headers, **place})

    def json(self, value: Any, headers: Mapping[str, str] | None = None) -> None:
        told = {"Content-Type": "application/json", **(headers or {})}
        self.reply(200, json.dumps(value).encode(), told)

    def reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.hub.requests.append((self.command, self.at, status))
        self.send_response(status)
        for name, value in {"Accept-Ranges": "bytes", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.broken and self.broken.cut >= 0:
            body, self.close_connection = body[: self.broken.cut], True
        self.wfile.write(body)
