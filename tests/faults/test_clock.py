"""The clock leaps: mail goes on, signed and recorded, while it does and afterwards."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from daemon import CONFIG, HISTORY, USER
from harness.shifted_clock import LIBRARY, ShiftedClock
from loading import Load

COUNTING = CONFIG + HISTORY + 'counters: {{ file = "{folder}/lib/limits"; }};\n'
LIMITS = 'policies: { submission: { limits: { login = [ "1000000 messages/hour" ]; }; }; };\n'
YEAR = 365 * 86400
LEAPS = (3600, 0, -3600, 86400 * 400, 0, -10 * YEAR, 10 * YEAR, 0)


@pytest.fixture
def clock():
    folder = Path(tempfile.mkdtemp(prefix="submilter-clock."))
    folder.chmod(0o755)
    if os.getuid() == 0:
        shutil.chown(folder, USER)
    yield ShiftedClock(folder)
    shutil.rmtree(folder)


@pytest.mark.skipif(not Path(LIBRARY).exists(), reason="no faketime")
def test_leaps(start_daemon, clock):
    gate = start_daemon(LIMITS, config=COUNTING, environment=clock.environment())
    sent = 0
    for leap in LEAPS:
        load = Load(gate.daemon, 100)
        clock.set(leap)
        load.result()
        clock.set(leap)
        assert gate.play().accepted
        sent += 101
    records = gate.records(sent)
    assert {record["action"] for record in records} <= {"accept", "fix"}
    assert len({record["time"][:4] for record in records}) >= 4, "the daemon's clock did not leap"
