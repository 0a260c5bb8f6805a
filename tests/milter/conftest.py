"""What every wire test stands on: a daemon for the whole run, and a gate to it for each test that
checks at the end that it still serves and that nothing was recorded that nobody sent."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from daemon import Daemon  # noqa: E402
from gate import Gate  # noqa: E402
from generations import Generations  # noqa: E402
from harness.waiting import PATIENCE  # noqa: E402


@pytest.fixture(scope="session")
def shared_daemon():
    daemon = Daemon()
    try:
        daemon.start()
        yield daemon
        assert daemon.alive(), daemon.log()[-6000:]
        assert daemon.stop() == 0, daemon.log()[-6000:]
    finally:
        daemon.remove()


@pytest.fixture
def gate(shared_daemon):
    """The shared daemon; after the test it must serve as before, and have recorded no more than
    the test took notice of."""
    gate = Gate(shared_daemon)
    yield gate
    gate.close()
    gate.check_serves()
    gate.record()


@pytest.fixture
def abused_gate(shared_daemon):
    """The same for tests that can't say how many records their abuse leaves."""
    gate = Gate(shared_daemon)
    yield gate
    gate.close()
    gate.check_serves()
    gate.settle()


@pytest.fixture
def generations():
    """Starts a daemon that can hand over."""
    started = []

    def start(more="", **options):
        started.append(Generations(more, **options))
        return Gate(started[-1].start())

    yield start
    try:
        for daemon in started:
            for process in daemon.earlier:
                assert process.wait(PATIENCE) == 0, daemon.log()[-4000:]
            assert daemon.stop() == 0, daemon.log()[-4000:]
    finally:
        for daemon in started:
            daemon.remove()


@pytest.fixture(scope="session")
def leavers():
    """Daemons that were told to end: they are waited for together, at the end of the run."""
    daemons = []
    yield daemons
    try:
        for test, daemon in daemons:
            assert daemon.stop() == 0, f"{test}: {daemon.log()[-6000:]}"
    finally:
        for _, daemon in daemons:
            daemon.remove()


@pytest.fixture
def start_daemon(leavers, request):
    """Starts a daemon with configuration of its own."""
    daemons = []

    def start(more="", **options):
        daemon = Daemon(more, **options)
        daemons.append(daemon)
        gate = Gate(daemon.start())
        # Its socket is there before its counters are, which commands look at.
        daemon.wait_for_log("started: config=", 60)
        return gate

    yield start
    for daemon in daemons:
        if daemon.alive():
            daemon.terminate()
            leavers.append((request.node.name, daemon))
        else:
            daemon.remove()
