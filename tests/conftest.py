"""One guarded site for the whole run; every test hands its mail to it."""

import os
import signal
import sys
from pathlib import Path

import pytest

for folder in ("", "mta"):
    sys.path.insert(0, str(Path(__file__).resolve().parent / folder))

from invariants import check_all  # noqa: E402  (these need the path above)
from suite_site import SuiteSite  # noqa: E402

# No test takes as long, not even on a busy machine: one that does waits for something that never comes. `make faults`
# is longer.
MOST_SECONDS = (60 if os.environ.get("SUBMILTER_FAULTS") else 15) * 60


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    def late(*_):
        raise TimeoutError(f"{item.nodeid} takes over {MOST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS, MOST_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def site():
    if os.geteuid() != 0:
        pytest.exit("these tests start an MTA of their own, which only root can do", returncode=77)
    with SuiteSite() as running:
        yield running
        running.mta.stop()
        running.submilter.stop()
        check_all(running)


@pytest.fixture
def second(site):
    """The site and the daemon behind its service "second", to reload and to break."""
    return site, site.fresh_second()
