"""The way of a test to a daemon: sessions, and the records that they leave."""

import itertools
import time

from harness import verify
from harness.milter_mta import POSTFIX, Message, Player, apply_edits, message_bytes, play
from harness.milter_wire import Session

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
