"""Legitimate mail in the shapes that people's programs give it: of one seed the same number is the same message
each time, whatever came before it.

What it is made of: headers of mail_programs.py, bodies of mail_bodies.py, names and subjects in all charsets and
ways to write them, and habits that many programs share: odd folds, blanks and names of fields, fields that are
missing, ends that others don't have. One in ten is a message of tests/cases/legit, with another end now and then.
"""

import base64
import random
import re
from dataclasses import dataclass, replace

from .build import TOP
from .casefile import read_cases
from .mail_bodies import KINDS, ending
from .mail_programs import PROGRAMS
from .message import Message
from .submission import Submission

A_SESSION = 5  # messages that one login hands in over one connection
# Login -> addresses that are its own (guarded_site.SENDERS)
OWN = {
    "alice@example.com": ("alice@example.com", "sales@example.com", "alice+news@example.com", "Alice@Example.COM"),
    "bob@example.com": ("bob@example.com", "sales@example.com"),
    "carol": ("carol@example.com",),
    "ceo@example.com": ("ceo@example.com",),
    "orgadmin@example.com": ("info@example.org", "j.doe-smith@example.org"),
}
NAMES = (
    "Alice Adams", "Alice B. Adams Jr.", "Adams, Alice (Sales)", "Alice", "ALICE", "Alice O'Example & Sons",
    "Dr. Alice Adams, Ph.D.", "Jörg Müller", "Renée", "Zbigniew Łukasz", "Ünal Öztürk", "山田太郎", "Дмитрий Иванов",
    "אליעזר", "أليس", "Ελένη", "김철수", "Example: Shop", 'Alice "Al" Adams', "R&D <Lab>", "Alice  Two  Blanks",
    "👩‍💻 Alice", "Lehrstuhl für Angewandte Mathematik und Informatik",
)
SUBJECTS = (
    "hello", "Re: figures", "AW: WG: Re: Fwd: [list] minutes", "Grüße aus München", "見積書の件", "Счёт № 12", "100 % off!",
    "a  b   c", "ends with a colon:", "=?not an encoded word?", "DKIM-Signature: v=1", "tab\tin it", "€ 12,50 – “quoted”",
    "x" * 70, "", "🎉 done ✅", "word " * 30, "Re: " * 12 + "again", "semi; colon = equals", "(a comment?) <an@address?>",
    "Einladung zum Kolloquium über Primzahlen am Montag",
)
OTHERS = (
    "bob@example.net", "carol.c@example.net", "d+tag@example.org.test", "o'brien@example.net", "x_y-z@sub.example.net",
    "BOB@EXAMPLE.NET", "info@xn--bcher-kva.example", "1234@fax.example.net", "a=b@example.net",
)
NOBODY = (
    "undisclosed-recipients:;", "undisclosed-recipients: ;", "Team: bob@example.net, carol@example.net;", "",
    '"Undisclosed recipients": ;', "bob@example.net (at work)", "<bob@example.net>,<carol@example.net>",
)
CHARSETS = (
    "utf-8", "utf-8", "UTF-8", "iso-8859-1", "iso-8859-15", "windows-1252", "iso-8859-2", "koi8-r", "shift_jis", "gb18030",
    "euc-kr",
)
DATES = (
    "Mon, 21 Sep 2026 14:13:20 +0000", "21 Sep 2026 16:13:20 +0200", "Mon, 21 Sep 2026 16:13:20 +0200 (CEST)",
    "Mon, 21 Sep 26 10:13:20 EDT", "Mon, 21 Sep 2026 14:13:20 GMT", "21 Sep 2026 14:13 +0000",
    "Sun,  6 Sep 2026 14:26:40 -0700 (PDT)", "Mon, 21 Sep 2026 14:13:20 -0000",
)
# Alice's, of the policy's own cases: (its title, the message)
KNOWN = [(case.name, case.message) for path in sorted((TOP / "tests/cases/legit").glob("*.case"))
         for case in read_cases(path) if case.all("expect")[0] == "accept" and not {"mail-from", "rcpt"} & set(case.keys)
         and not Message.parse(case.message).named("DKIM-Signature")]  # somebody else's, who has no key here
MISSING = ("message-id", "date", "subject", "to", "mime-version")


@dataclass(frozen=True)
class Mail:
    number: int
    program: str
    how: Submission
    chunks: tuple | None  # where BDAT's chunks end, the last one excepted; None: it goes by DATA


def atoms(name):
    return re.fullmatch(r"[\w!#$%&'*+/=?^`{|}~ -]+", name, re.ASCII) is not None


def q_letter(byte):
    """Of an encoded word."""
    return chr(byte) if chr(byte).isalnum() and byte < 128 else "_" if byte == 32 else f"={byte:02X}"


class _Writer:
    """One message. utf8: it may be handed in with SMTPUTF8, so that nothing has to be encoded. settled: fields with
    addresses are in the form that Sendmail leaves to the byte."""

    def __init__(self, seed, number, utf8, settled):
        self.settled = settled
        self.rng = random.Random(f"{seed}/{number}")
        session = random.Random(f"{seed}/{number // A_SESSION}/session")
        self.login = session.choice(sorted(OWN))
        self.own = self.rng.choice(OWN[self.login])
        self.utf8 = utf8 and self.rng.random() < 0.05
        if utf8 and session.random() < 0.03:
            self.login, self.own, self.utf8 = "juergen@example.com", "jürgen@bücher.example", True
        self.fold = self.rng.choice(("\r\n ", "\r\n ", "\r\n\t", "\r\n        ", None))
        self.how = Submission(
            service=session.choice(("submission", "submission", "smtps")),
            login=self.login,
            mechanism=session.choice(("PLAIN", "PLAIN", "LOGIN")),
            helo=session.choice(("client.example.net", "[192.0.2.7]", "DESKTOP4711")),
        )

    def some(self, chance):
        return self.rng.random() < chance

    def hex(self):
        return f"{self.rng.getrandbits(32):08x}"

    # Words

    def encoded(self, text):
        """As encoded words, of charsets that have the letters."""
        charset = self.rng.choice(CHARSETS)
        try:
            text.encode(charset)
        except UnicodeEncodeError:
            charset = "utf-8"
        words = []
        for at in range(0, len(text), 11):
            data = text[at : at + 11].encode(charset)
            if self.some(0.5):
                words.append(f"=?{charset}?B?{base64.b64encode(data).decode()}?=")
            else:
                words.append(f"=?{charset}?Q?{''.join(map(q_letter, data))}?=")
        return ((self.fold or " ") if self.some(0.7) else " ").join(words)

    def mailbox(self, address, name):
        """In one of the ways that programs have."""
        plain = name.replace("\\", "").replace('"', "")
        if self.settled:  # so long that no two of them stand on a line
            return f'"{plain:.<30}" <{address}>' if name.isascii() else f"{self.encoded(name[:11])} <{address}>"
        if not name or self.some(0.15):
            return self.rng.choice((address, f"<{address}>", address))
        if not name.isascii():
            raw = self.utf8 or self.some(0.05)
            return f'"{plain}" <{address}>' if raw else f"{self.encoded(name)} <{address}>"
        if self.some(0.1) and not re.search(r"[()\\<>]", name):
            return f"{address} ({name})"
        if atoms(name) and self.some(0.5) or re.fullmatch(r"[\w .]+", name) and self.some(0.3):
            return f"{name} <{address}>"
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + f'" <{address}>'

    def someone(self):
        return self.mailbox(self.rng.choice(OTHERS), self.rng.choice(("", *NAMES)))

    def recipients(self, semicolons=False):
        count = self.rng.choice((1, 1, 1, 2, 3, 8)) if self.some(0.97) else self.rng.randint(30, 150)
        separator = ";" if semicolons and self.some(0.3) else ","
        blank = self.rng.choice((" ", " ", ""))
        if self.settled:
            return ",\r\n        ".join(self.someone() for _ in range(count))
        text = self.someone()
        for _ in range(count - 1):
            line = len(text) - text.rfind("\n")
            folds = line > 500 or (self.fold and self.some(0.6))
            text += separator + (self.fold or "\r\n " if folds else blank) + self.someone()
        return text

    def subject(self):
        text = self.rng.choice(SUBJECTS)
        if text.isascii():
            return text
        return text if self.utf8 or self.some(0.1) else self.encoded(text)

    def ident(self):
        return self.rng.choice((
            f"<{self.hex()}{self.hex()}@mail.example.net>", f"<CA{self.hex()}+abc=def@mail.gmail.com>",
            f"<{self.hex()}.with.a.rather.long.left.side.0123456789{self.hex()}@mail.example.net>",
            f"<{self.hex()}$1e60$@example.org>", f"<{self.hex()}@[192.0.2.9]>",
        ))

    def references(self):
        count = self.rng.choice((1, 2, 5, 12)) if self.some(0.9) else self.rng.randint(40, 150)
        words = [self.ident() for _ in range(count)]
        unfolded = " ".join(words)
        if len(unfolded) < 900 and not self.fold:
            return unfolded
        return self.rng.choice((self.fold or "\r\n ", "\r\n\t", " \r\n ")).join(words)

    def filled(self, template):
        def value(found):
            return {
                "from": lambda: self.mailbox(self.own, self.rng.choice(NAMES)), "own": lambda: self.own,
                "to": self.recipients, "to;": lambda: self.recipients(True), "to1": self.someone,
                "to?": lambda: self.recipients() if self.settled or self.some(0.8) else self.rng.choice(NOBODY),
                "subject": self.subject, "hex": self.hex, "id": self.ident, "references": self.references,
                "date": lambda: self.rng.choice(DATES),
                "autocrypt": lambda: f"addr={self.own}; keydata=" + f"\r\n {self.hex()}{self.hex()}AAAA/+==" * 9,
            }[found.group(1)]()

        return re.sub(r"\{([\w;?]+)\}", value, template)

    # The whole

    def fields(self, templates, mime):
        found = []
        for template in templates:
            if template.startswith("?") and self.some(0.5):
                continue
            if template == "{mime}":
                found += mime
            else:
                found.append(self.filled(template.removeprefix("?")))
        if not self.some(0.15):
            return found
        gone = self.rng.choice(MISSING)
        return [field for field in found if not field.lower().startswith(gone + ":")]

    def habit(self, field):
        """A field in a way that is seldom, and allowed."""
        name, _, value = field.partition(":")
        value = value.removeprefix(" ")
        blank = re.search(r"\w \w", value)
        if "(Cron Daemon)" in value:
            return field  # a fold before the comment is refused: parsers disagree about it (from.ambiguous)
        return self.rng.choice((
            f"{name}:{value}", f"{name}:\t{value}", f"{name}:   {value}", f"{name}: {value} ", f"{name}: {value}\t \t",
            f"{name}:\r\n {value}" if value.strip() else field, f"{name.upper()}: {value}", f"{name.lower()}: {value}",
            f"{name}: {value[:blank.start() + 1]} \t{value[blank.end() - 1:]}" if blank else field,
            f"{name}: {value[:blank.start() + 1]} \r\n\t {value[blank.end() - 1:]}" if blank else field,
        ))

    def more(self):
        """Fields that are nobody's in particular."""
        return self.rng.choice((
            "X-Long: " + "l" * self.rng.choice((500, 900, 970, 985)), "X-Empty:", "X-Blank: ", "Cc:", "In-Reply-To:",
            "X-Folded: a\r\n b\r\n\tc\r\n   d", "X-Colons: a:b: c", "X-8bit: Größe", "X-Odd!#$%&'*+-^_`|~: y",
            "Received: from [10.0.0.7] by client", "X-Spam-Checker: none", "List-Unsubscribe: <mailto:u@example.com>",
            "Resent-Comment: x", "Comments: c",
        ))

    def known(self):
        """One of alice's own."""
        title, message = self.rng.choice(KNOWN)
        head, _, body = message.partition(b"\r\n\r\n")
        self.own = "alice@example.com"
        return title, head.removesuffix(b"\r\n") + b"\r\n\r\n" + (ending(self.rng, body) if self.some(0.3) else body)

    def message(self):
        if self.login == "alice@example.com" and not (self.settled or self.utf8) and self.some(0.5):
            return self.known()
        program = self.rng.choice(sorted(PROGRAMS))
        kinds, templates = PROGRAMS[program]
        mime, body = KINDS[self.rng.choice(kinds)](self.rng)
        fields = self.fields(templates, mime)
        if self.some(0.2):
            more = self.more()
            if not any(field.lower().startswith(more.partition(":")[0].lower() + ":") for field in fields):
                fields.insert(self.rng.randint(0, len(fields)), more)
        if self.some(0.1):
            self.rng.shuffle(fields)
        fields = [self.habit(field) if self.some(0.05) and not (self.settled and "@" in field) else field for field in fields]
        if self.some(0.35):
            body = ending(self.rng, body)
        raw_names = any("@" in field and not field.isascii() for field in fields)  # those are refused but in UTF-8
        charset = "utf-8" if raw_names or self.utf8 or self.some(0.7) else "iso-8859-1"
        head = "".join(field + "\r\n" for field in fields).encode(charset, "replace")
        return program, head + (b"" if not body and self.some(0.3) else b"\r\n" + body)

    def envelope(self, message, program, bdat):
        rcpts = self.rng.choice((1, 1, 1, 2, 5, 40)) if self.some(0.95) else 100
        words = ["SMTPUTF8"] if self.utf8 else []
        words += ["BODY=8BITMIME"] if self.utf8 or self.some(0.5) else []
        words += [f"SIZE={len(message)}"] if self.some(0.3) else []
        sender = "" if "receipt" in program or "absence" in program else self.own
        how = replace(self.how, mail_from=f"<{sender}>", parameters=" ".join(words), message=message,
                      rcpts=tuple(f"<user{number}@example.net>" for number in range(rcpts)))
        if not (bdat and self.some(0.2)):
            return how, None
        return how, tuple(sorted({self.rng.randint(1, len(message) - 1) for _ in range(self.rng.randint(0, 3))}))


def mail(seed, number, utf8=True, bdat=False, settled=False):
    """The message of that number; utf8, bdat: whether the MTA takes SMTPUTF8 and BDAT. settled: as in _Writer."""
    writer = _Writer(seed, number, utf8, settled)
    program, message = writer.message()
    return Mail(number, program, *writer.envelope(message, program, bdat))
