"""Files from the network, kept for the next time: complete and checked, or not at all."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Where downloads are kept: DLSCRATCH_DATA if it is set, else the place this system gives to caches."""
    if chosen := os.environ.get("DLSCRATCH_DATA"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dlscratch"


def fetch(files, folder, *, mirrors) -> list[Path]:
    """Paths of `files` = {name: (bytes, SHA-256)} in `folder`; those missing come from the first mirror that works.

    Prints a line with ten dots for each download. OSError when all mirrors fail; ValueError when a file that was
    there before is not the published one (it is left as it is).
    """
    folder = Path(folder).expanduser()
    paths = [folder / name for name in files]
    for path, (n_bytes, sha256) in zip(paths, files.values(), strict=True):
        if not path.exists():
            failures = _try_mirrors(path, n_bytes, sha256, mirrors)
            if not path.exists():
                raise OSError(_by_hand([path for path in paths if not path.exists()], failures))
        elif (found := _sha256(path)) != sha256:
            raise ValueError(f"{path} is not the published file: SHA-256 {found}; delete it and call again")
    return paths


def _try_mirrors(path, n_bytes, sha256, mirrors):
    """Download from the first mirror that works; return a line for each that did not."""
    from http.client import HTTPException

    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{path.name}"
        try:
            _download(url, path, n_bytes, sha256)
            break
        except (OSError, HTTPException) as error:
            failures.append(f"    {url}: {error or type(error).__name__}")
    return failures


def _download(url, path, n_bytes, sha256):
    """To a file beside `path` first: a half-written or wrong one never bears the name."""
    from urllib.request import urlopen

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with urlopen(url, timeout=15) as response, open(part, "wb") as file:
            _copy(response, file, n_bytes, path.name)
        if (found := _sha256(part)) != sha256:
            raise OSError(f"not the published file: SHA-256 {found}")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _copy(response, file, n_bytes, name):
    """Copy `n_bytes`, printing a dot for each tenth."""
    done = 0
    print(f"{name} ({n_bytes:,} bytes) ", end="", flush=True)
    try:
        while done <= n_bytes and (piece := response.read(1 << 16)):
            file.write(piece)
            tenths = 10 * min(done + len(piece), n_bytes) // n_bytes - 10 * done // n_bytes
            done += len(piece)
            print("." * tenths, end="", flush=True)
    finally:
        print()
    if done != n_bytes:
        raise OSError(f"{'more than ' if done > n_bytes else f'only {done:,} of '}{n_bytes:,} bytes came")


def _sha256(path):
    import hashlib

    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _by_hand(missing, failures):
    return "\n".join(
        [
            f"{missing[0].name}: no mirror gave it",
            *failures,
            "Fetch these files by hand, from an address above or from someone who has them, and put them,",
            f"still gzipped, into {missing[0].parent}",
            *(f"    {path.name}" for path in missing),
            "(The environment variable DLSCRATCH_DATA moves the cache to another folder.)",
        ]
    )
