"""Daemons that suffer: each on a site of its own, under inject.so where a test asks for it."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "milter"))

from daemon import CONFIG, Daemon  # noqa: E402  (these need the path above)
from gate import Gate  # noqa: E402
from injector import Injector  # noqa: E402


@pytest.fixture
def start_daemon():
    """Starts a daemon; it must end well. injected: with gate.injector. daemon: a kind of Daemon."""
    started = []

    def start(more="", config=CONFIG, injected=False, kind=Daemon, seconds=20, **options):
        daemon = kind(more, config=config, **options)
        started.append(daemon)
        injector = Injector(daemon.folder, trace=True) if injected else None
        if injector:
            daemon.environment = {**daemon.environment, **injector.environment()}
        daemon.start(seconds)
        daemon.wait_for_log("started: config=", 60)
        gate = Gate(daemon)
        gate.injector = injector
        return gate

    yield start
    try:
        for daemon in started:
            if daemon.alive():
                assert daemon.stop() == 0, daemon.log()[-6000:]
    finally:
        for daemon in started:
            daemon.remove()


@pytest.fixture(scope="session")
def long_form():
    """Whether everything is tried (make faults), and not a sample."""
    return bool(os.environ.get("SUBMILTER_FAULTS"))


@pytest.fixture(scope="session")
def tell():
    """tell(what, figure): notes a figure in the page that SUBMILTER_FAULTS names."""
    page = os.environ.get("SUBMILTER_FAULTS")

    def tell(what, figure):
        if page:
            with open(page, "a", encoding="utf-8") as file:
                file.write(f"{what:<68} {figure}\n")

    return tell
