"""libmilter's own thread hangs: the daemon ends without it, in bounded time, and says so."""

import time

import pytest

from daemon import Daemon
from gate import Gate
from injector import Injector

HOUR = 3_600_000
SAID = "libmilter has not ended 10 s after it was told to"


@pytest.fixture
def hung():
    """A daemon whose libmilter stops at the n-th call of its main loop: 1 enters it, 2 leaves it."""
    daemons = []

    def make(number):
        daemon = Daemon()
        daemons.append(daemon)
        injector = Injector(daemon.folder)
        daemon.environment = injector.environment()
        injector.fail("serve", number, error=0, delay=HOUR)
        return daemon, injector

    yield make
    for daemon in daemons:
        daemon.kill()
        daemon.remove()


def test_a_stop_comes_to_an_end(hung, tell):
    """With its usual status, and with all that was decided written down."""
    daemon, injector = hung(2)
    gate = Gate(daemon.start())
    gate.check_signed(gate.play())
    begun = time.monotonic()
    assert daemon.stop() == 0
    took = time.monotonic() - begun
    assert injector.struck("serve") == 1
    assert SAID in daemon.log() and daemon.log().rstrip().endswith("stopped"), daemon.log()
    assert not daemon.socket.exists()
    assert took > 9, took
    gate.records(1)
    tell("a stop while libmilter hangs takes", f"{took:.1f} s")


def test_a_start_that_fails_comes_to_an_end(hung, long_form):
    """Libmilter is given 30 s to answer, and 10 to end."""
    if not long_form:
        pytest.skip("it takes 40 s")
    daemon, injector = hung(1)
    daemon.start()
    assert daemon.process.wait(60) == 71
    assert injector.struck("serve") == 1
    assert SAID in daemon.log() and "libmilter does not answer at " in daemon.log(), daemon.log()
    assert not daemon.socket.exists()
