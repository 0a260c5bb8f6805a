"""A login with forty days of habits, and a thief who has its password. The same each time."""

import random
import time
from dataclasses import dataclass

from .submission import Submission, open_session, transaction

DAYS = 40
DAY, HOUR, LEAP = 86400, 3600, 30
OFFICE, HOME = "198.51.100", "192.0.2"
CORRESPONDENTS = tuple(f"friend-{number}@example.net" for number in range(30))


@dataclass(frozen=True)
class Mail:
    moment: float  # seconds since 1970
    client: str  # its address
    rcpt: str
    program: str = "Thunderbird"
    of_thief: bool = False


class Mailer:
    """Hands mail in as a login, one session for each client's address, at the moments that it has. No session lives
    through a longer leap of the clock: libmilter ends those that seem to have waited too long."""

    def __init__(self, site, login, clock):
        self.site, self.login, self.clock = site, login, clock
        self.sessions, self.latest = {}, 0

    def send(self, mail):
        """The refusal, or None."""
        how = Submission(login=self.login, mail_from=f"<{self.login}>", rcpts=(f"<{mail.rcpt}>",),
                         xclient=f"ADDR={mail.client} PORT=40000 NAME=[UNAVAILABLE]",
                         message=self.text(mail))
        if mail.moment - self.latest > LEAP:
            self.close()
        self.latest = mail.moment
        self.clock.set(mail.moment - time.time())
        if mail.client not in self.sessions:
            self.sessions[mail.client] = open_session(self.site, how)
        outcome = transaction(self.sessions[mail.client], how)
        if not outcome.accepted:
            assert outcome.reply.code in (451, 452), outcome
            self.sessions[mail.client].rset()
        return None if outcome.accepted else outcome.reply

    def text(self, mail):
        return "\r\n".join([f"From: {self.login}", f"To: {mail.rcpt}", "Subject: hello",
                            f"User-Agent: {mail.program}", f"Message-ID: <{mail.moment}@client.example.com>",
                            "", "Hello.", ""]).encode()

    def close(self):
        for session in self.sessions.values():
            session.close()
        self.sessions = {}


def history(until):
    """What the owner wrote on the days before: in the day's hours, from the office and from home."""
    rng = random.Random(20261121)
    midnight = until - until % DAY
    mails = []
    for day in range(DAYS, 0, -1):
        for _ in range(5):
            hour = rng.randrange(8, 20)
            mails.append(Mail(midnight - day * DAY + hour * HOUR + rng.random() * HOUR,
                              f"{HOME if hour > 16 else OFFICE}.10", rng.choice(CORRESPONDENTS)))
    return sorted(mails, key=lambda mail: mail.moment)


@dataclass(frozen=True)
class Thief:
    networks: int = 1  # from which the mail comes, in turn
    program: str = "Thunderbird"  # the owner's
    signs: bool = True  # whether the login's group is one that signs are enforced for

    def __str__(self):
        how = f"{self.networks} networks" if self.networks > 1 else "one network"
        program = "the owner's" if self.program == "Thunderbird" else "another"
        return f"from {how}, by {program} mail program{'' if self.signs else ', with limits alone'}"


def theft(began, thief, tries, old, new):
    """The thief tries a message a second, to somebody else each time. Meanwhile the owner writes to as many old
    correspondents as old says, and to new people."""
    mails = [Mail(began + number, f"203.0.{113 + number % thief.networks}.66", f"victim-{number}@victims.example",
                  thief.program, True) for number in range(tries)]
    for kind, count in (("friend", old), ("stranger", new)):
        for number in range(count):
            rcpt = CORRESPONDENTS[number % len(CORRESPONDENTS)] if kind == "friend" else \
                f"stranger-{number}@example.org"
            mails.append(Mail(began + (number + 0.5) * tries / count, f"{HOME}.10", rcpt))
    return sorted(mails, key=lambda mail: mail.moment)
