"""A daemon that takes an earlier moment for now, and can be told a later one while it runs."""

import os
from pathlib import Path

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class ShiftedClock:
    """folder: where the daemon's user can read."""

    def __init__(self, folder: Path):
        self.file = folder / "clock"
        self.set(0)

    def set(self, seconds):
        """From now on the daemon's clock is so many seconds off; negative: it is in the past."""
        new = self.file.with_name("clock.new")
        new.write_text(f"{seconds:+.3f}")
        new.chmod(0o644)
        new.replace(self.file)

    def environment(self):
        return {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # The sanitizer's library wants to be the first one, but only its functions have to be.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }
