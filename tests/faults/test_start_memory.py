"""Allocations that fail while the daemon starts and reloads: it starts, or refuses to and says where; a reload takes the
new configuration, or keeps the old one and says so."""

import collections
import os
import re
import signal
import subprocess

import pytest

from daemon import CONFIG, HISTORY, PROGRAM, Daemon
from generations import Generations
from harness.milter_mta import play
from harness.milter_wire import Session
from harness.waiting import PATIENCE, wait_until
from injector import EVER, Injector

COUNTING = CONFIG + HISTORY + 'counters: {{ file = "{folder}/lib/limits"; }};\n'
EX_OSERR, EX_CONFIG = 71, 78
SAMPLES = 60
TRACE = re.compile(r"^(inject: .*|/.*\[0x[0-9a-f]+\])\n", re.MULTILINE)
# Where others follow a null pointer, or take memory for granted: OpenSSL 3.0 when it clears up after setting itself up
# by half, at its first call; libconfig 1.5 wherever it has no memory, if it does not exit(2); glibc, which reads
# nsswitch.conf by an assertion; libopendkim where it copies a list.
THEIRS = {"OpenSSL": "(OPENSSL_init_crypto+", "libconfig": "/libconfig.so", "glibc": "(__nss_passwd_lookup2+",
          "libopendkim": "(dkim_options+"}


def whose(said):
    """Whose code had no memory, of those who can't do without."""
    return next((name for name, frame in THEIRS.items() if frame in said), None)


class Start:
    """One start of a daemon's program, as far as it came."""

    def __init__(self, daemon, environment):
        self.output = daemon.folder / "said"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen([PROGRAM, "-f", "-c", daemon.config], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, env=environment)
        wait_until(self.is_clear, "a start, or its refusal", explain=self.said)

    def is_clear(self):
        """The line that says so may be what there is no memory for."""
        said = self.said()
        return self.process.poll() is not None or "started: config=" in said or "log lines were lost" in said

    def said(self):
        return TRACE.sub("", self.output.read_text(errors="replace"))

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def whose(self):
        return whose(self.output.read_text(errors="replace"))


@pytest.fixture
def site():
    """A daemon that is not started, and its injector."""
    daemon = Daemon(config=COUNTING)
    yield daemon, Injector(daemon.folder, trace=True)
    daemon.remove()


def numbers(last, samples, all_of_them):
    """Which allocations are to fail: all, or some that are spread over them, near together at the beginning."""
    if all_of_them:
        return range(1, last + 1)
    return sorted({max(1, int(last * (at / samples) ** 1.5)) for at in range(1, samples + 1)})


def try_start(daemon, injector, environment, number):
    """What became of it in a word; fails on what may not be."""
    injector.fail("alloc", number)
    start = Start(daemon, environment)
    injector.clear("alloc")
    if start.ended():
        status = start.process.returncode
        if status in (-signal.SIGSEGV, -signal.SIGABRT, 2) and start.whose():
            return f"ended in {start.whose()}"
        assert status in (EX_OSERR, EX_CONFIG), f"allocation {number}: {status}: {start.output.read_text()}"
        assert re.search(r"^submilter: .{10}", start.said(), re.MULTILINE), f"allocation {number}: it says nothing"
        return "refused"
    with Session(daemon.socket) as session:
        assert play(session).accepted, f"allocation {number}"
    assert start.stop() == 0, f"allocation {number}: {start.said()}"
    return "started"


def test_the_start(site, long_form, tell):
    daemon, injector = site
    environment = {**os.environ, **injector.environment()}
    injector.fail("alloc", EVER)
    start = Start(daemon, environment)
    count = injector.seen("alloc")
    assert start.stop() == 0
    found = collections.Counter(try_start(daemon, injector, environment, number)
                                for number in numbers(count, SAMPLES, long_form))
    tell(f"{sum(found.values()):,} of {count:,} allocations of a start failed, one a start",
         ", ".join(f"{number:,} {what}" for what, number in found.items()))
    assert found["refused"] and found["started"]


def reload_with(gate, number):
    """USR1 while that allocation fails; what became of it in a word. The service manager is told, log or no log."""
    daemon, manager = gate.daemon, gate.daemon.manager
    after = len(manager.all())
    said = len(daemon.log())
    gate.injector.fail("alloc", number)
    daemon.reload()

    def word():
        ready = [told["STATUS"] for _, told in manager.all()[after:] if "READY" in told]
        return ready[0] if ready else not daemon.alive() and "ended"

    status = wait_until(word, f"a word of the reload, allocation {number}", explain=daemon.log)
    gate.injector.clear("alloc")
    if status == "ended":
        name = whose(daemon.log()[said:])
        assert name, f"allocation {number}: {daemon.log()[said:]}"
        daemon.start()
        return f"ended in {name}"
    return "refused" if "reload refused" in status else "taken"


def test_reloads(start_daemon, long_form, tell):
    gate = start_daemon(config=COUNTING, injected=True, kind=Generations)
    gate.check_signed(gate.play())
    before = gate.record()["config"]
    texts = ['policies: { submission: { recipients: { max = 77; }; }; };\n', ""]
    assert reload_with(gate, EVER) == "taken"
    count = gate.injector.seen("alloc")
    found = collections.Counter()
    for number in numbers(count, SAMPLES, long_form):
        gate.daemon.configure(texts[sum(found.values()) % 2])
        outcome = reload_with(gate, number)
        gate.check_signed(gate.play())
        config = gate.record()["config"]
        found[outcome] += 1
        assert outcome != "refused" or config == before, f"allocation {number}"
        before = config
    tell(f"{sum(found.values()):,} of {count:,} allocations of a reload failed, one a reload",
         ", ".join(f"{number:,} {what}" for what, number in found.items()))
    assert found["refused"]
