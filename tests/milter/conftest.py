"""What every wire test stands on: a daemon for the whole run, and a gate to it for each test that
checks at the end that it still serves and that nothing was recorded that nobody sent."""

import itertools
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from daemon import Daemon  # noqa: E402
from harness import verify  # noqa: E402
from harness.milter_mta import (POSTFIX, Message, Player, apply_edits,  # noqa: E402
                                message_bytes, play)
from harness.milter_wire import Session  # noqa: E402


_numbers = itertools.count(1)


class Gate:
    """The way of a test to a daemon."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.seen = len(daemon.records())
        self.sessions = []

    def session(self, **options):
        session = Session(self.daemon.socket, **options)
        self.sessions.append(session)
        return session

    def player(self, client=None, mta=POSTFIX, **options):
        """A session that is past HELO."""
        player = Player(self.session(**options), client, mta)
        assert player.open() is None
        return player

    def play(self, message=None, client=None, mta=POSTFIX, **options):
        """One message on a session of its own."""
        with self.session(**options) as session:
            outcome = play(session, message, client, mta)
            session.quit()
        return outcome

    def records(self, count, seconds=10):
        """The records since this test began (or since the last call); exactly so many."""
        deadline = time.monotonic() + seconds
        while True:
            new = self.daemon.records()[self.seen:]
            if len(new) >= count or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        assert len(new) == count, new
        self.seen += count
        return new

    def record(self):
        return self.records(1)[0]

    def at_most_one_record_more(self):
        """Where a daemon may judge early or late: takes notice of a refusal's record, if it comes."""
        self.settle()
        new = len(self.daemon.records()) - self.seen
        assert new in (1, 2), "the settling message's own record, and at most one more"
        self.seen += new

    def settle(self):
        """Waits until what is under way is written: a message of our own comes last."""
        marker = f"<settle.{next(_numbers)}@example.com>"
        headers = [field for field in Message().headers if field[0] != "Message-ID"]
        self.play(Message().with_headers(*headers, ("Message-ID", " " + marker)))
        deadline = time.monotonic() + 10
        while not any(marker in str(record["message_id"])
                      for record in self.daemon.records()[self.seen:]):
            assert time.monotonic() < deadline, "a record does not come"
            time.sleep(0.01)

    def wait_for_config(self, before, seconds=10):
        """Waits until new messages are judged by another configuration than that one."""
        deadline = time.monotonic() + seconds
        while True:
            self.play()
            if self.record()["config"] != before:
                return
            assert time.monotonic() < deadline, self.daemon.log()[-2000:]
            time.sleep(0.05)

    def left(self, outcome, message, *, leadspc=True, **how):
        """The header block and signatures of a message that went through."""
        assert outcome.accepted, (outcome.stage, outcome.reply)
        fields = apply_edits(message.headers, outcome.edits, leadspc=leadspc, **how)
        return fields, self.verify(message_bytes(fields, message.body))

    def verify(self, data):
        """[(verify.Result, the names in h=)] from the top down."""
        names = [tags["h"].lower().split(":") for tags in verify.signatures(data)]
        return list(zip(verify.by_dkimpy(data, self.daemon.dns), names))

    def check_signed(self, outcome, message=None, *, leadspc=True, domain="example.com", **how):
        """It went through with both signatures, and they hold. Returns the fields as they left."""
        fields, signatures = self.left(outcome, message or Message(), leadspc=leadspc, **how)
        ours = [(result, names) for result, names in signatures if result.domain == domain]
        assert {result.algorithm for result, _ in ours} == {"ed25519-sha256", "rsa-sha256"}, fields
        for result, names in ours:
            assert result.valid and "from" in names, (result, fields)
        assert len(ours) == 2
        return fields

    def check_safe(self, outcome, message=None, *, leadspc=True):
        """Refused with an answer, or through with signatures that hold: never through unsigned."""
        if outcome.reply.code == 2:
            self.check_signed(outcome, message, leadspc=leadspc)
        else:
            assert outcome.reply.code in (4, 5), outcome

    def close(self):
        for session in self.sessions:
            session.close()

    def check_serves(self):
        """The next message goes through, and its record is the next one."""
        outcome = self.play()
        self.check_signed(outcome)
        assert self.daemon.alive()


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


@pytest.fixture(scope="session")
def leavers():
    """Daemons that were told to end. libmilter takes its five seconds for that: they are waited for
    together, at the end of the run."""
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
        return Gate(daemon.start())

    yield start
    for daemon in daemons:
        if daemon.alive():
            daemon.terminate()
            leavers.append((request.node.name, daemon))
        else:
            daemon.remove()
