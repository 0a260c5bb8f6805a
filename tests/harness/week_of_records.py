"""Records of a mail server's week, as the daemon would have written them: fifty people with their habits,
shared addresses, an old printer, a stolen account, somebody whose habit no table grants, bots without a login.
The same seed gives the same lines.

    python3 tests/harness/week_of_records.py [--seed N] [--logins N] [--days N] [--rate N] [--end TIME]
"""

import argparse
import datetime
import json
import random
import sys
from dataclasses import dataclass, field
from email.utils import format_datetime

DOMAINS = ("example.com", "example.org")
NO_KEY = "legacy.example"  # one of ours for which there is no key
OUTSIDE = ("example.net", "customer.example", "partner.example", "uni.example", "gov.example")
NAMES = """alice bob carol dave erin frank grace heidi ivan judy karl laura mallory nina oscar peggy quentin rupert sybil
    trent ursula victor wendy xaver yvonne zoe anna bernd clara dirk emma felix gina hanna igor jana kurt lena mario
    nora otto petra ralf sofia tim ute vera willi yasmin zeno""".split()
RULES = """tls auth envelope recipients header_syntax header_once header_injection from sender display_name
    address_form trust_headers message_id date dkim body_syntax""".split()
WEIGHT = {"accept": 0, "fix": 1, "quarantine": 2, "tempfail": 3, "reject": 4}
ADVICE = ("choose your own address as sender in your mail program, or ask your postmaster for the right to use "
          "this one")
TLS13 = ("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256)
TLS12 = ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", 256)
TLS10 = ("TLSv1", "ECDHE-RSA-AES256-SHA", 256)
NO_TLS = (None, None, None)
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class Person:
    login: str
    homes: list  # client addresses, the most used first
    tls: tuple = TLS13
    mechanism: str = "PLAIN"
    aliases: list = field(default_factory=list)  # further addresses that the tables grant
    habit: str = None  # an address that is used and not granted
    rate: float = 6.0  # messages a working day
    friends: list = field(default_factory=list)
    missing: float = 0.0  # how often its program leaves out Message-ID and Date
    hours: tuple = (8, 18)
    weekends: bool = False


@dataclass
class Mail:
    """One message as it is handed in; what is not said follows from the person."""
    person: Person
    time: float
    client: str
    sender: str  # in From
    rcpts: list
    size: int
    mail_from: str = None
    display: str = ""
    headers: dict = field(default_factory=dict)  # None: left out
    broken: tuple = None  # (rule, reason, action, fact)
    login: str = ""
    tls: tuple = None


def base32(number, digits):
    return "".join(DIGITS[number >> 5 * place & 31] for place in range(digits - 1, -1, -1))


def people(rng, count):
    """The logins: most are plain, the first ones have something about them."""
    found = []
    for number in range(count):
        name = NAMES[number % len(NAMES)] + (str(number // len(NAMES)) if number >= len(NAMES) else "")
        domain = DOMAINS[0] if number % 5 else DOMAINS[1]
        homes = [f"198.51.{100 + number % 16}.{rng.randrange(1, 255)}"]
        if number % 3 == 0:
            homes.append(f"2001:db8:{number + 1:x}:1::{rng.randrange(1, 9999):x}")
        if number % 4 == 0:
            homes.append(f"203.0.{113 + number % 3}.{rng.randrange(1, 255)}")
        person = Person(f"{name}@{domain}", homes, rng.choices((TLS13, TLS12), (8, 2))[0],
                        rng.choices(("PLAIN", "LOGIN", "SCRAM-SHA-256", "XOAUTH2"), (12, 3, 3, 2))[0],
                        rate=rng.lognormvariate(1.6, 0.7), missing=0.9 if number % 10 == 7 else 0.0)
        person.friends = [f"{rng.choice(NAMES)}@{rng.choice(OUTSIDE)}" for _ in range(rng.randrange(3, 25))]
        found.append(person)
    for number, person in enumerate(found):
        if number % 7 == 1:
            person.aliases.append("sales@" + DOMAINS[0])
        if number % 9 == 2:
            person.aliases.append(f"info@{DOMAINS[1]}")
        if number % 16 == 5:
            person.habit = person.login.split("@", 1)[0] + "@" + NO_KEY
        if number % 25 == 11:
            person.habit = "support@" + DOMAINS[0]  # nobody has told the tables yet
    if count > 3:
        found[-1].login, found[-1].homes = "printer@" + DOMAINS[0], ["192.168.10.9"]
        found[-1].tls, found[-1].mechanism, found[-1].rate = TLS10, "LOGIN", 9.0
        found[-1].missing, found[-1].friends = 1.0, [f"office@{DOMAINS[0]}"]
        found[-1].aliases, found[-1].habit = [], None
    return found


class Week:
    """end: seconds since 1970, the time of the last records. rate: every login's traffic times that. enforced:
    the day from which from, envelope and tls are enforced; before, they are observed."""

    def __init__(self, seed=1, logins=50, days=7, end=None, rate=1.0, enforced=3):
        self.rng = random.Random(seed)
        self.days = days
        self.end = end or 1795255200.0  # 2026-11-21 10:00 UTC
        self.start = self.end - days * 86400
        self.rate = rate
        self.enforced_at = self.start + enforced * 86400
        self.people = people(self.rng, logins)
        self.stolen = self.people[3] if logins > 3 else None
        self.lists = [f"announce@{OUTSIDE[3]}", f"team@{DOMAINS[1]}"]

    def mails(self):
        """Every attempt, in the order of time."""
        found = [mail for person in self.people for mail in self._of_person(person)]
        if self.stolen:
            found += self._burst(self.stolen)
        found += self._bots()
        return sorted((mail for mail in found if self.start <= mail.time < self.end), key=lambda mail: mail.time)

    def _of_person(self, person):
        rng = self.rng
        for day in range(self.days + 1):
            midnight = (self.start // 86400 + day) * 86400
            weekday = datetime.datetime.fromtimestamp(midnight, datetime.timezone.utc).weekday()
            rate = person.rate * self.rate * (1 if weekday < 5 else 0.12)
            for _ in range(min(100000, int(rng.expovariate(1 / rate)) if rate else 0)):
                hour = rng.triangular(*person.hours, 10.5)
                yield from self._attempts(person, midnight + hour * 3600)

    def _attempts(self, person, moment):
        """A message; and the next try of one who is told that it may not be sent so."""
        rng = self.rng
        sender = person.login
        if person.aliases and rng.random() < 0.3:
            sender = rng.choice(person.aliases)
        if person.habit and rng.random() < 0.25:
            sender = person.habit
        rcpts = rng.sample(person.friends, min(len(person.friends), rng.choices((1, 2, 3, 8), (80, 12, 6, 2))[0]))
        if rng.random() < 0.03:
            rcpts = [rng.choice(self.lists)]
        mail = Mail(person, moment, self._client(person), sender, rcpts, int(rng.lognormvariate(9.2, 1.6)))
        if rng.random() < person.missing:
            mail.headers = {"Message-ID": None, "Date": None}
        chance = rng.random()
        if chance < 0.006:  # the wrong identity, then the right one
            mail.sender = f"{person.login.split('@', 1)[0]}@private.example"
            yield mail
            mail = Mail(person, moment + rng.uniform(40, 900), mail.client, person.login, rcpts,
                        mail.size + rng.randrange(-60, 60))
        elif chance < 0.010:  # the same again, until it passes
            mail.broken = rng.choice((("header_injection", "encoded-line-break", "reject", "Subject"),
                                      ("dkim", "keys-unknown", "tempfail", sender.split("@")[1])))
            yield mail
            mail = Mail(person, moment + rng.uniform(20, 2400), mail.client, sender, rcpts, mail.size)
        elif chance < 0.013:
            mail.broken = rng.choice((("header_once", "repeated", "reject", "Subject"),
                                      ("recipients", "forbidden-domain", "reject", "<x@blocked.example>"),
                                      ("body_syntax", "bare-lf", "reject", "line 12")))
        elif chance < 0.020:
            mail.display = f"{rng.choice(NAMES)}@{DOMAINS[0]}"
        yield mail

    def _client(self, person):
        if self.rng.random() < 0.01:  # on a journey
            return f"192.0.{self.rng.randrange(2, 40)}.{self.rng.randrange(1, 255)}"
        weights = (10, 3, 1)[:len(person.homes)]
        return self.rng.choices(person.homes, weights)[0]

    def _burst(self, person):
        """A stolen account: one night, another network, others' names."""
        rng = self.rng
        begin = self.end - 1.35 * 86400
        for number in range(int(140 * max(1, self.rate ** 0.5))):
            sender = rng.choice((person.login, "ceo@" + DOMAINS[0], "billing@" + DOMAINS[1], "no-reply@bank.example"))
            yield Mail(person, begin + number * 19 + rng.uniform(0, 9), f"45.155.{rng.randrange(4)}.{rng.randrange(256)}",
                       sender, [f"u{rng.randrange(10**6)}@{rng.choice(OUTSIDE)}" for _ in range(rng.randrange(1, 40))],
                       rng.randrange(2800, 3100), mail_from=person.login, tls=TLS12, display="Accounts")

    def _bots(self):
        rng = self.rng
        nobody = Person("", [])
        for _ in range(int(9 * self.days * self.rate)):
            yield Mail(nobody, self.start + rng.random() * self.days * 86400,
                       f"45.{rng.randrange(128, 160)}.{rng.randrange(256)}.{rng.randrange(256)}",
                       f"{rng.choice(NAMES)}@{DOMAINS[0]}", ["x@example.net"], 0, login=None,
                       tls=rng.choice((TLS13, TLS12, NO_TLS)))

    def records(self):
        for mail in self.mails():
            yield self._record(mail)

    # ---- one decision ----------------------------------------------------------------------------

    def _owned(self, mail, address):
        return address == mail.person.login or address in mail.person.aliases

    def _violations(self, mail, tls, mail_from):
        """{rule: (reason, action, fact)} of those that say no or mend."""
        found = {}
        if not tls[0]:
            found["tls"] = ("none", "reject", "")
        elif tls[0] in ("TLSv1", "TLSv1.1"):
            found["tls"] = ("version", "reject", tls[0])
        if mail.login is None:
            found["auth"] = ("none", "reject", "")
        if mail.login is None or not self._owned(mail, mail_from):
            found["envelope"] = ("not-owned", "reject", mail_from)
        if not self._owned(mail, mail.sender):
            found["from"] = ("not-owned", "reject", mail.sender)
        if "@" in mail.display:
            found["display_name"] = ("other-address", "reject", mail.display)
        if mail.headers.get("Message-ID", "") is None:
            found["message_id"] = ("missing", "fix", "")
        if mail.headers.get("Date", "") is None:
            found["date"] = ("missing", "fix", "")
        if mail.sender.endswith("@" + NO_KEY):
            found["dkim"] = ("no-key", "tempfail", NO_KEY)
        if mail.broken:
            found[mail.broken[0]] = mail.broken[1:]
        return found

    def _modes(self, mail):
        late = mail.time >= self.enforced_at
        modes = {rule: "enforce" for rule in RULES}
        modes["display_name"] = modes["tls"] = "observe"
        modes["dkim"] = "enforce" if not mail.sender.endswith(NO_KEY) else "observe"
        if not late:
            modes["from"] = modes["envelope"] = "observe"
        return modes

    def _record(self, mail):
        rng = self.rng
        tls = mail.tls or mail.person.tls
        login = mail.person.login if mail.login == "" else mail.login
        habit = mail.sender == mail.person.habit
        mail_from = mail.mail_from or (mail.sender if habit or mail.login is None else mail.person.login or mail.sender)
        broken, modes = self._violations(mail, tls, mail_from), self._modes(mail)
        command, asked = None, RULES
        if any(rule in broken and modes[rule] == "enforce" for rule in ("tls", "auth", "envelope")):
            command, asked = "MAIL", RULES[:3]
        elif "recipients" in broken:
            command, asked = "RCPT", RULES[:4]
        verdicts, decider, action = [], None, "accept"
        for rule in asked:
            reason, wanted, fact = broken.get(rule, (None, "accept", ""))
            outcome = "pass" if rule not in broken else "unavailable" if "unknown" in reason else "violation"
            verdicts.append({"rule": rule, "outcome": outcome, "mode": modes[rule],
                             "reason": "owned" if rule in ("envelope", "from") and not reason else reason,
                             "action": wanted, "fact": fact})
            if modes[rule] == "enforce" and WEIGHT[wanted] > WEIGHT[action]:
                decider, action = verdicts[-1], wanted
        return self._object(mail, rng, tls, login, mail_from, command, verdicts, decider, action)

    def _object(self, mail, rng, tls, login, mail_from, command, verdicts, decider, action):
        milliseconds = int(mail.time * 1000)
        name = base32(milliseconds, 10) + base32(rng.getrandbits(80), 16)
        moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
        whole, left = command is None, WEIGHT[action] < WEIGHT["tempfail"]
        header = self._header(mail, moment, name) if whole else []
        message_id = next((value.strip() for field, value in header if field == "Message-ID"), None)
        edits = [{"kind": "add", "name": rule["rule"].replace("message_id", "Message-ID").replace("date", "Date"),
                  "value": f"<{name.lower()}@{mail.sender.split('@')[1]}>" if rule["rule"] == "message_id" else
                  format_datetime(moment), "rule": rule["rule"]} for rule in verdicts
                 if rule["action"] == "fix" and rule["mode"] == "enforce" and left]
        domain = mail.sender.rsplit("@", 1)[1]
        signed = whole and left and domain in DOMAINS
        hosts = {TLS10: "[192.168.10.9]", NO_TLS: "ylmf-pc"}
        usec = int(rng.lognormvariate(6.6, 0.45) + (rng.random() < 0.004) * rng.uniform(2e4, 2e5)) if whole else \
            rng.randrange(8, 60)
        return {
            "id": name, "time": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z",
            "queue_id": "NOQUEUE" if command == "MAIL" else "4" + name[10:23], "command": command,
            "listener": "submission", "policy": "submission",
            "config": "0ea13711ba5e218f" if mail.time < self.enforced_at else "7c1f0d94a3be5520",
            "client": mail.client, "client_name": "unknown", "port": 587, "daemon": "mail.example.com",
            "helo": hosts.get(tls, f"[{mail.client}]"), "smtp": True, "mta_host": "mail.example.com",
            "tls_version": tls[0], "cipher": tls[1], "cipher_bits": tls[2],
            "auth_mech": mail.person.mechanism if login else None, "login": login,
            "mail_from": f"<{mail_from}>", "rcpt_count": len(mail.rcpts) if whole else 0,
            "rcpts": [f"<{rcpt}>" for rcpt in mail.rcpts] if whole else [], "smtputf8": False,
            "from": mail.sender if whole else "",
            "message_id": next((edit["value"] for edit in edits if edit["name"] == "Message-ID"), message_id),
            "message_id_old": None, "fields": len(header), "header_size": 420 if whole else 0,
            "longest_line": 76 if whole else 0, "size": mail.size if whole else 0, "action": action,
            "rule": decider and decider["rule"], "reason": decider and decider["reason"],
            "reply": None if left else self._reply(login, decider, name), "verdicts": verdicts,
            "identities": self._identities(mail, mail_from, login, whole), "edits": edits,
            **({"not_signed": "it has no From"} if whole and left and not signed and not domain else {}),
            "signatures": [{"d": domain, "s": kind, "a": f"{kind}-sha256"}
                           for kind in ("ed25519", "rsa")] if signed else [],
            "header": header,
            "body": {"nul": False, "bare_cr": False, "bare_lf": False, "early_end": False,
                     "longest_line": 76 if whole else 0, "cut_short": None},
            "own_signature": "absent", "own_signature_domain": None, "usec": usec}

    def _reply(self, login, decider, name):
        code = "451 4.3.0" if decider["action"] == "tempfail" else "553 5.7.1" if decider["rule"] == "envelope" else \
            "550 5.7.1"
        text = f"{login} may not send as <{decider['fact']}> ({decider['rule']}): {ADVICE}" \
            if decider["reason"] == "not-owned" else "This message is not accepted"
        return f"{code} {text} [{decider['rule']}.{decider['reason']} {name}]"

    def _identities(self, mail, mail_from, login, whole):
        claims = [("mail_from", mail_from)] + ([("from", mail.sender)] if whole else [])
        found = []
        for kind, address in claims:
            owned = self._owned(mail, address)
            source = "login" if address == login else "texthash:/etc/submilter/senders:4" if owned else "login"
            found.append({"kind": kind, "address": address, "source": source if login else "",
                          "ownership": "not-asked" if not login else "granted" if owned else "denied"})
        return found

    def _header(self, mail, moment, name):
        sender = f" {json.dumps(mail.display)} <{mail.sender}>" if mail.display else f" {mail.sender}"
        values = {"From": sender, "To": None, "Subject": None, "Date": " " + format_datetime(moment),
                  "Message-ID": f" <{name[10:].lower()}@{mail.sender.rsplit('@', 1)[1]}>", "MIME-Version": None,
                  "Content-Type": None}
        return [[field, value] for field, value in values.items() if field not in mail.headers]


def main():
    parser = argparse.ArgumentParser(description="JSON lines of a week's decisions, to standard output")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logins", type=int, default=50)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--rate", type=float, default=1.0, help="how much is sent: every login's traffic times that")
    parser.add_argument("--end", help="when it ends, as 2026-11-21T10:00:00+00:00")
    parser.add_argument("--enforced", type=float, default=3, help="the day from which senders are enforced")
    chosen = parser.parse_args()
    end = datetime.datetime.fromisoformat(chosen.end).timestamp() if chosen.end else None
    week = Week(chosen.seed, chosen.logins, chosen.days, end, chosen.rate, chosen.enforced)
    for record in week.records():
        sys.stdout.write(json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
