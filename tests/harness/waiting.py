"""Waiting for events, and never for a number of seconds."""

import os
import socket
import time

# Seconds after which something that should have happened is called a failure.
PATIENCE = int(os.environ.get("SUBMILTER_PATIENCE", "90"))


class GaveUp(AssertionError):
    pass


def wait_until(happened, what, patience=PATIENCE, explain=lambda: ""):
    """Ask happened() until it says something true, and return that. explain() is added to the error."""
    deadline = time.monotonic() + patience
    pause = 0.002
    while True:
        result = happened()
        if result:
            return result
        if time.monotonic() > deadline:
            raise GaveUp(f"waited {patience} s for {what}\n{explain()}".rstrip())
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def accepts(address):
    """Whether somebody listens at a (host, port) or a unix socket's path."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(address)
        except OSError:
            return False
    return True
