"""The files that belong to the tree: git's list, or in an unpacked tarball all but what builds make."""

import fnmatch
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What autogen.sh and builds make.
_MADE = ("build", "build-aux", "autom4te.cache", "__pycache__", "_build", "_inst", "sub")


def from_git():
    """Files that git knows or would take, or None where this is no checkout."""
    if not (ROOT / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z", "--cached",
             "--others", "--exclude-standard"], capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    return [pathlib.Path(name.decode()) for name in done.stdout.split(b"\0") if name]


def _from_disk():
    for path in ROOT.rglob("*"):
        relative = path.relative_to(ROOT)
        if path.name != "config.h" and not set(relative.parts) & set(_MADE):
            yield relative


def tracked(*patterns):
    """Files whose name matches one of the patterns, relative to the root, sorted."""
    files = from_git()
    return sorted(path for path in (_from_disk() if files is None else files)
                  if (ROOT / path).is_file()
                  and any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns))
