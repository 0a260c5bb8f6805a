"""What the unit's restrictions refuse, tried from within them by a program that may not do it."""

import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from daemon import USER
from harness import unit_file

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root has rights to take away")

# Each does what is refused, and says how: an error's name, or None where it went through.
TRIALS = {
    "ptrace": ("libc.ptrace(0, 0, 0, 0)", "EPERM"),
    "mount": ("libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)", "EPERM"),
    "keyctl": ("libc.syscall(250, 0, -3, 0, 0, 0)", "EPERM"),
    "io_uring_setup": ("libc.syscall(425, 8, 0)", "EPERM"),
    "process_vm_readv": ("libc.process_vm_readv(os.getpid(), None, 0, None, 0, 0)", "EPERM"),
    "bpf": ("libc.syscall(321, 0, 0, 0)", "EPERM"),
    "userfaultfd": ("libc.syscall(323, 0)", "EPERM"),
    "unshare": ("libc.unshare(0x10000000)", "EPERM"),
    "setuid": ("libc.setuid(0)", "EPERM"),
    "shmget": ("libc.shmget(0, 4096, 0o1600)", "EPERM"),
    "memfd_create": ("libc.memfd_create(b'x', 0)", "EPERM"),
    "mlock": ("libc.mlockall(1)", "EPERM"),
    "chroot": ("libc.chroot(b'/')", "EPERM"),
    "mmap of what is written and executed": (
        "-1 if libc.mmap(None, 4096, 7, 0x22, -1, 0) in (-1, 2**64 - 1) else 0", "EPERM"),
    "a packet socket": ("libc.socket(17, 3, 0)", "EAFNOSUPPORT"),
    "a netlink socket": ("libc.socket(16, 3, 0)", "EAFNOSUPPORT"),
    "writing to /etc": ("libc.open(b'/etc/x', 0o101, 0o600)", ("EROFS", "EACCES")),
    "writing to /var/spool": ("libc.open(b'/var/spool/x', 0o101, 0o600)", ("EROFS", "EACCES")),
    "set-user-ID": ("libc.chmod(FOLDER + b'/run', 0o4755)", "EPERM"),
}
SCRIPT = """
import ctypes, errno, os, sys
FOLDER = os.fsencode(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_int64
result = eval(sys.argv[1])
print(errno.errorcode[ctypes.get_errno()] if result < 0 else None)
"""


@pytest.fixture(scope="module")
def tried():
    """{trial: what came of it}, by one program for each."""
    with tempfile.TemporaryDirectory(prefix="submilter-confined.") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("log", "run", "lib"):
            (folder / part).mkdir()
            os.chown(folder / part, *_user())
        before = unit_file.restrictions(USER, folder / "log", folder / "run", folder / "lib", folder)
        yield {trial: subprocess.run([*before, sys.executable, "-I", "-c", SCRIPT, code, str(folder)], check=False,
                                     capture_output=True, text=True) for trial, (code, _) in TRIALS.items()}


def _user():
    entry = pwd.getpwnam(USER)
    return entry.pw_uid, entry.pw_gid


@AS_ROOT
@pytest.mark.parametrize("trial", TRIALS)
def test_what_is_refused(tried, trial):
    wanted = TRIALS[trial][1]
    assert tried[trial].stdout.strip() in (wanted if isinstance(wanted, tuple) else (wanted,)), tried[trial]


@AS_ROOT
def test_one_refusal_takes_nothing_else_away(tried):
    """The same program goes through with what the daemon needs: it got as far as to say what was refused."""
    assert all(done.returncode == 0 for done in tried.values()), [done for done in tried.values() if done.returncode]
