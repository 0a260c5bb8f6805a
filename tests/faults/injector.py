"""The other end of inject.so: which call is to fail, from its first to its last time from now on, and how.

    injector = Injector(folder)
    daemon = Daemon(environment=injector.environment())
    injector.fail("alloc", 17)                                  # the 17th allocation from now on
    injector.fail("fsync", 1, EVER, errno.EIO, path="/log/")    # all on files below /log/, until clear()
    injector.fail("connect", 1, EVER, 0, delay=5000)            # they take 5 s, and go well
"""

import ctypes
import errno
import mmap
import os
from pathlib import Path

from harness.build import program

CALLS = ("alloc", "open", "read", "write", "writev", "pwrite", "fsync", "rename", "pipe", "socket", "connect",
         "accept", "poll", "thread", "random", "serve")
ROWS = 24
EVER = 1 << 62


class Row(ctypes.Structure):
    """struct control_row."""

    _fields_ = [("name", ctypes.c_char * 16), ("seen", ctypes.c_uint64), ("first", ctypes.c_uint64),
                ("last", ctypes.c_uint64), ("struck", ctypes.c_uint64), ("error", ctypes.c_int32),
                ("delay", ctypes.c_int32), ("path", ctypes.c_char * 96)]


class Injector:
    """folder: where the daemon's user can read and write."""

    def __init__(self, folder: Path, trace=False):
        self.path = Path(folder) / "faults"
        self.path.write_bytes(bytes(ctypes.sizeof(Row) * ROWS))
        self.path.chmod(0o666)
        self.trace = trace
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)
        self.rows = {}
        for row, name in zip((Row * ROWS).from_buffer(self.memory), CALLS):
            row.name = name.encode()
            self.rows[name] = row

    def environment(self):
        """For the daemon."""
        # The sanitizer's library wants to be the first one, but only its functions have to be.
        more = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:exitcode=99"}
        if self.trace:
            more["INJECT_TRACE"] = "1"
        return {"LD_PRELOAD": str(program("tests/faults/inject.so")), "INJECT_CONTROL": str(self.path), **more}

    def fail(self, call, first, last=None, error=errno.ENOMEM, delay=0, path=""):
        """Counts anew. delay: milliseconds. error 0: it goes well, only late."""
        self.clear(call)
        row = self.rows[call]
        row.path = path.encode()
        row.error, row.delay = error, delay
        row.last = first if last is None else last
        row.struck = row.seen = 0
        row.first = first

    def clear(self, call):
        """No more of them fail."""
        self.rows[call].first = 0

    def seen(self, call):
        """Since fail()."""
        return self.rows[call].seen

    def struck(self, call):
        """How many were late or failed since fail()."""
        return self.rows[call].struck
