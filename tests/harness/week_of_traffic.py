"""A mail server's week as fifty people live it: what they hand in, when, from where. The same each time.

Every message has a recipient of its own, by which it is known in records and on its way out."""

import random
from dataclasses import dataclass

from .submission import Submission

DAYS = 7
NAMES = """ada bruno clara david edith felix greta hans ida jonas karla leo mara nico olga paul quirin rosa sven tilda
    udo vera walter xenia yann zita anton berta cesar dora emil frida georg hilde ingo julia klaus lotte max nina otto
    petra ralf sofia toni ulla viktor wanda ximena zeno""".split()
LOGINS = tuple(f"{name}@example.com" for name in NAMES)
PRINTER = "printer@example.com"
STOLEN = "zeno@example.com"
INJECTOR = "yann@example.com"
# Who writes as what no table grants, day after day: an alias, an address of the other domain, a shared one.
HABITS = {
    "ada@example.com": "ada.lovelace@example.com",
    "bruno@example.com": "info@example.com",
    "clara@example.com": "info@example.com",
    "david@example.com": "support@example.org",
    "edith@example.com": "edith@example.org",
    "felix@example.com": "f.klein@example.com",
}
LISTS = {"greta@example.com": "choir@lists.example.net", "hans@example.com": "chess@lists.example.net"}
OFFICE, HOMES, ELSEWHERE = "198.51.100", "192.0.2", "203.0.113"


@dataclass(frozen=True)
class Mail:
    number: int
    moment: float  # seconds into the week
    how: Submission

    @property
    def rcpt(self):
        """The recipient that only this message has."""
        return self.how.rcpts[0]


def _text(sender, rcpt, number, *more, complete=True):
    lines = [f"From: {sender}", f"To: {rcpt}", f"Subject: number {number}", *more]
    if complete:
        lines += [f"Message-ID: <{number}@client.example.com>"]
    return "\r\n".join([*lines, "", f"This is message {number}.", ""]).encode()


class _Week:
    def __init__(self):
        self.rng = random.Random(20261114)
        self.mails = []

    def add(self, day, hour, login, sender, *more, client=None, complete=True, **how):
        number = len(self.mails) + 1
        rcpt = f"<number-{number}@example.net>"
        client = client or f"{OFFICE}.{10 + NAMES.index(login.split('@')[0]) if login in LOGINS else 9}"
        how.setdefault("mail_from", f"<{login}>")
        submission = Submission(
            login=login,
            xclient=f"ADDR={client} PORT=40000 NAME=[UNAVAILABLE]",
            rcpts=(rcpt, *how.pop("rcpts", ())),
            message=_text(sender, rcpt, number, *more, complete=complete),
            **how,
        )
        self.mails.append(Mail(number, (day * 24 + hour + self.rng.random() / 2) * 3600, submission))

    def ordinary(self, day):
        """A third of the people write on a day, with what their programs leave out and add."""
        for login in self.rng.sample(LOGINS, len(LOGINS) // 3):
            name = login.split("@")[0]
            home = self.rng.random() < 0.2
            self.add(day, self.rng.randrange(8, 18), login, f"{name.title()} <{login}>",
                     client=f"{HOMES}.{10 + NAMES.index(name)}" if home else None,
                     complete=self.rng.random() < 0.8,
                     tls="yes" if self.rng.random() < 0.7 else "TLSv1.2",
                     mechanism=self.rng.choice(("PLAIN", "PLAIN", "LOGIN", "SCRAM-SHA-256")))

    def habits(self, day):
        for login, address in HABITS.items():
            self.add(day, self.rng.randrange(9, 17), login, f"<{address}>", mail_from=f"<{address}>")
        for login, where in LISTS.items():
            self.add(day, 19, login, login, f"Cc: {where}", "In-Reply-To: <1@example.net>", rcpts=(f"<{where}>",),
                     client=f"{HOMES}.{10 + NAMES.index(login.split('@')[0])}")
        self.add(day, 7, PRINTER, f"Printer <{PRINTER}>", service="old-tls", tls="TLSv1", complete=False)

    def attacks(self, day):
        if day == 3:
            for more in ("From: ada@example.com", "Subject: x\r\nFrom : ada@example.com"):
                self.add(day, 11, INJECTOR, INJECTOR, more)
        if day == 4:
            self.add(day, 12, "otto@example.com", "otto@example.com", tls="no")
        if day == 5:
            victims = self.rng.sample([each for each in LOGINS if each != STOLEN], 20)
            for victim in victims:
                self.add(day, 3, STOLEN, f"<{victim}>", mail_from=f"<{victim}>", client=f"{ELSEWHERE}.66")


def week():
    """Every message, in the order of time."""
    made = _Week()
    for day in range(DAYS):
        made.ordinary(day)
        made.habits(day)
        made.attacks(day)
    return sorted(made.mails, key=lambda mail: mail.moment)
