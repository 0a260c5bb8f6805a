"""Fields through the policy, and what passes through all parsers."""

import os
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from allowed import is_allowed
from batch import Batch
from compare import classify
from peers import fetch_npm

TOP = Path(__file__).resolve().parents[2]
ROUND = 4000
OWN = b"alice@example.com"  # the login's address in all seeds

# Who sends it: MTA, login, an address of the login's, the field; or "-lf" or "-crlf": a whole message, read with
# these line ends.
SENDINGS = [("postfix", "alice@example.com", "alice@example.com", "From")] * 5 + [
    ("postfix+", "alice@example.com", "alice@example.com", "From"),
    ("postfix+", "juergen@example.com", "jürgen@bücher.example", "From"),
    ("postfix", "orgadmin@example.com", "office@example.org", "From"),
    ("sendmail", "alice@example.com", "alice@example.com", "From"),
    ("sendmail", "orgadmin@example.com", "office@example.org", "Sender"),
    ("postfix", "alice@example.com", "alice@example.com", "Sender"),
    ("postfix", "alice@example.com", "alice@example.com", "Resent-From"),
]


@dataclass(frozen=True)
class Passed:
    """A field that the policy let pass: what came, what leaves, and the addresses we read in it."""

    sending: tuple
    value: bytes
    leaves: bytes
    ours: tuple


@contextmanager
def studying(peers):
    """A Study of these, which are started and ended; SUBMILTER_BUILD says where tests/identity/ours was built."""
    build = Path(os.environ["SUBMILTER_BUILD"]).resolve()
    folder = build / "identity"
    folder.mkdir(exist_ok=True)
    fetch_npm(folder)
    study = Study(build, TOP, {peer.name: (peer, peer.start(folder)) for peer in peers})
    yield study
    study.close()


class Study:
    def __init__(self, build, source, peers):
        """peers: {name: (Peer, Batch)}, started. build: where tests/identity/ours was built."""
        self.peers = peers
        self.policy = Batch("ours", [str(build / "tests/identity/ours")], build,
                            {**os.environ, "srcdir": str(source)})
        self.passed = {}
        self.refused = Counter()

    def judge(self, fields):
        """fields: (sending, value). Those that pass, in order; None for those that do not."""
        answers = self.policy.ask([" ".join(sending) + " " + value.hex() for sending, value in fields])
        return [self._passed(field, answer) for field, answer in zip(fields, answers)]

    def _passed(self, field, answer):
        word, *rest = answer.split(" ")
        if word != "accept":
            self.refused[rest[0]] += 1
            return None
        leaves, *ours = map(bytes.fromhex, rest)
        leaves = leaves.replace(b"\r\n", b"\n")
        if field[0][3] == "-crlf":
            leaves = leaves.replace(b"\n", b"\r\n")
        return Passed(*field, leaves, tuple(ours))

    def generate(self, generator, count):
        """Makes count fields, the seeds among them, and keeps what passes."""
        for begin in range(0, count, ROUND):
            values = generator.fields(min(ROUND, count - begin))
            sendings = [generator.chance.choice(SENDINGS) for _ in values]
            fields = [(sending, value.replace(OWN, sending[2].encode())) for sending, value in zip(sendings, values)]
            for passed in self.judge(fields):
                if passed:
                    self.passed.setdefault((passed.leaves, passed.ours), passed)
                    generator.accepted(passed.value.replace(passed.sending[2].encode(), OWN))

    def ask(self, name, passed):
        """How a parser's reading of each compares with ours."""
        peer, batch = self.peers[name]
        answers = batch.ask([one.leaves.hex() for one in passed])
        return [(classify(one, found, peer), found) for one, found in
                ((one, [bytes.fromhex(word) for word in answer.split(" ") if word != "-"])
                 for one, answer in zip(passed, answers))]

    def ask_all(self, passed):
        """{parser: the list that ask gives}."""
        with ThreadPoolExecutor(3) as workers:
            return dict(zip(self.peers, workers.map(lambda name: self.ask(name, passed), self.peers)))

    def differences(self, allowed):
        """({parser: what differs and is not allowed, as (Passed, class, found)}, {(parser, class): count})."""
        passed = list(self.passed.values())
        differ, counts = defaultdict(list), Counter()
        for name, readings in self.ask_all(passed).items():
            for one, (kind, found) in zip(passed, readings):
                counts[name, kind] += 1
                if not is_allowed(allowed, name, kind, one.leaves):
                    differ[name].append((one, kind, found))
        return differ, counts

    def shrink(self, name, one, kind):
        """A shorter value that passes and that the parser reads in the same way."""
        value, width = one.value, max(1, len(one.value) // 2)
        while width:
            at = 0
            while at < len(value):
                shorter = value[:at] + value[at + width:]
                passed = self.judge([(one.sending, shorter)])[0]
                if passed and self.ask(name, [passed])[0][0] == kind:
                    value, one = shorter, passed
                else:
                    at += width
            width //= 2
        return one

    def close(self):
        for batch in (self.policy, *(batch for _, batch in self.peers.values())):
            batch.close()
