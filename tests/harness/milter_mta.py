"""How Postfix and Sendmail play a message to a filter, and what they do with its edits."""

import dataclasses

from .milter_wire import (ADDHEADER, BODY, BODY_CHUNK, CHGHEADER, CONNECT, CONTINUE, DATA, EOH, EOM, HEADER,
                          HELO, INSHEADER, MAIL, P_HDR_LEADSPC, P_RCPT_REJ, QUARANTINE, RCPT, Reply, to_bytes)


@dataclasses.dataclass(frozen=True)
class Mta:
    """Which macros an MTA knows, from which stage on, and which it sends when nobody asks."""
    name: str
    knows: dict  # macro -> first stage at which it has a value
    unasked: dict  # stage -> macros without SMFIF_SETSYMLIST
    queue_id_from: str
    version: str  # its {v}


ORDER = [CONNECT, HELO, MAIL, RCPT, DATA, EOH, EOM]

_TLS = ["{tls_version}", "{cipher}", "{cipher_bits}", "{cert_subject}", "{cert_issuer}"]
_AUTH = ["{auth_type}", "{auth_authen}", "{auth_author}"]
_MAIL = ["{mail_addr}", "{mail_host}", "{mail_mailer}"]
_RCPT = ["{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"]


def _known(at_connect, at_helo, at_mail, at_rcpt):
    stages = {CONNECT: at_connect, HELO: at_helo, MAIL: at_mail, RCPT: at_rcpt}
    return {name: stage for stage, names in stages.items() for name in names}


POSTFIX = Mta(
    "postfix",
    _known(["j", "v", "_", "{daemon_name}", "{daemon_addr}", "{daemon_port}", "{client_addr}",
            "{client_name}", "{client_ptr}", "{client_port}", "{client_connections}"],
           _TLS, _AUTH + _MAIL, _RCPT),
    {CONNECT: ["j", "{daemon_name}", "{daemon_addr}", "v", "_"], HELO: _TLS,
     MAIL: ["i"] + _AUTH + _MAIL, RCPT: ["i"] + _RCPT, DATA: ["i"], EOH: ["i"], EOM: ["i"]},
    DATA, "Postfix 3.7.11")

SENDMAIL = Mta(
    "sendmail",
    _known(["j", "v", "_", "{daemon_name}", "{daemon_port}", "{daemon_addr}", "{if_name}", "{if_addr}",
            "{client_addr}", "{client_name}", "{client_port}", "{client_ptr}",
            "{client_connections}"],
           _TLS + ["{verify}"], _AUTH + _MAIL + ["{auth_ssf}", "i"], _RCPT),
    {CONNECT: ["j", "_", "{daemon_name}", "{if_name}", "{if_addr}"], HELO: _TLS,
     MAIL: ["i", "{auth_ssf}"] + _AUTH + _MAIL, RCPT: _RCPT, DATA: [], EOH: [], EOM: ["{msg_id}"]},
    MAIL, "8.17.1.9")


@dataclasses.dataclass
class Client:
    """The SMTP client as the MTA sees it; login and TLS as None where there are none."""
    login: str = "alice@example.com"
    mechanism: str = "PLAIN"
    tls: tuple = ("TLSv1.3", "TLS_AES_256_GCM_SHA384", "256")
    address: str = "192.0.2.7"
    name: str = "client.example.net"
    helo: str = "laptop.example.net"
    port: int = 587
    daemon_name: str = "mx.example.com"
    macros: dict = dataclasses.field(default_factory=dict)  # more of them, or None to withhold one

    def values(self, queue_id):
        values = {
            "j": "mx.example.com", "_": f"{self.name} [{self.address}]",
            "{daemon_name}": self.daemon_name, "{daemon_addr}": "192.0.2.1",
            "{daemon_port}": str(self.port), "{if_name}": "mx.example.com",
            "{if_addr}": "192.0.2.1", "{client_addr}": self.address,
            "{client_name}": self.name, "{client_ptr}": self.name, "{client_port}": "41234",
            "{client_connections}": "1", "{mail_mailer}": "smtp", "{mail_host}": "example.com",
            "{rcpt_mailer}": "smtp", "{rcpt_host}": "example.net", "i": queue_id,
        }
        if self.tls:
            values.update(zip(["{tls_version}", "{cipher}", "{cipher_bits}"], self.tls))
            values["{verify}"] = "NO"
        if self.login:
            values["{auth_type}"] = self.mechanism
            values["{auth_authen}"] = self.login
        values.update(self.macros)
        return {name: value for name, value in values.items() if value is not None}


@dataclasses.dataclass
class Message:
    """headers: (name, value) with the value as it stands behind the colon: leading blank, folds as
    LF + blank. Names and values may be bytes."""
    mail_from: str = "<alice@example.com>"
    rcpts: tuple = ("<bob@example.net>",)
    headers: tuple = (
        ("Received", " from laptop.example.net (laptop [10.0.0.2])\n\tby relay; Sat, 21 Nov 2026 "
                     "10:00:00 +0000"),
        ("From", " Alice <alice@example.com>"), ("To", " Bob <bob@example.net>"),
        ("Subject", " lunch"), ("Date", " Sat, 21 Nov 2026 10:00:00 +0000"),
        ("Message-ID", " <20261121.1@example.com>"))
    body: bytes = b"Shall we?\r\n"
    mail_parameters: tuple = ()
    chunk: int = BODY_CHUNK

    def with_headers(self, *headers):
        return dataclasses.replace(self, headers=headers)

    def plus(self, *headers):
        return dataclasses.replace(self, headers=tuple(self.headers) + headers)


@dataclasses.dataclass
class Outcome:
    stage: str  # the command that the reply came to
    reply: Reply
    rcpts: list = dataclasses.field(default_factory=list)  # the replies to each RCPT

    @property
    def edits(self):
        return self.reply.edits

    @property
    def accepted(self):
        return self.stage == EOM and self.reply.code == 2

    @property
    def quarantined(self):
        return any(edit.kind == QUARANTINE for edit in self.edits)


class Player:
    """Plays messages over a session as one MTA would, macros and all."""

    def __init__(self, session, client=None, mta=POSTFIX):
        self.session = session
        self.client = client or Client()
        self.mta = mta
        self.queue_id = "4XyZ7D1mBnz9sQ"

    def _macros(self, stage, more=None):
        """Sends what the filter asked to be told at this stage, as far as it is known by then."""
        asked = self.session.options.symbols.get(stage, self.mta.unasked.get(stage, []))
        values = {**self.client.values(self.queue_id), "v": self.mta.version}
        values.update(more or {})
        knows = dict(self.mta.knows, i=self.mta.queue_id_from)
        now = ORDER.index(stage)
        pairs = [(name, values[name]) for name in asked
                 if name in values and ORDER.index(knows.get(name, CONNECT)) <= now]
        if pairs:
            self.session.macros(stage, pairs)

    def connect(self):
        self._macros(CONNECT)
        family = "6" if ":" in self.client.address else "4"
        address = f"IPv6:{self.client.address}" if family == "6" else self.client.address
        return self.session.connect(self.client.name, address, family=family)

    def helo(self):
        self._macros(HELO)
        return self.session.helo(self.client.helo)

    def mail(self, message):
        self._macros(MAIL, {"{mail_addr}": to_bytes(message.mail_from).strip(b"<>")})
        return self.session.mail(message.mail_from, *message.mail_parameters)

    def rcpt(self, recipient):
        self._macros(RCPT, {"{rcpt_addr}": recipient.strip("<>")})
        return self.session.rcpt(recipient)

    def refused_rcpt(self, recipient, code="5.1.1"):
        """A recipient that the MTA itself refuses. It is shown where the filter asked for it, whose reply has no
        say."""
        if self.session.options.protocol & P_RCPT_REJ:
            self._macros(RCPT, {"{rcpt_mailer}": "error", "{rcpt_host}": code,
                                "{rcpt_addr}": f"550 {code} User unknown"})
            assert self.session.rcpt(recipient).goes_on

    def data(self):
        self._macros(DATA)
        return self.session.data()

    def header(self, name, value):
        """One field, its leading blank as this session negotiated it."""
        if not self.session.options.protocol & P_HDR_LEADSPC and value[:1] in (" ", b" "):
            value = value[1:]
        return self.session.header(name, value)

    def eoh(self):
        self._macros(EOH)
        return self.session.eoh()

    def body(self, body, chunk=BODY_CHUNK):
        for start in range(0, len(body), chunk):
            reply = self.session.body(body[start:start + chunk])
            if reply and reply.command != CONTINUE:
                return reply
        return None

    def eom(self):
        self._macros(EOM)
        return self.session.eom()

    def open(self):
        """CONNECT and HELO. Returns the Outcome of a refusal, else None."""
        for stage, step in ((CONNECT, self.connect), (HELO, self.helo)):
            reply = step()
            if reply and not reply.goes_on:
                return Outcome(stage, reply)
        return None

    def begin(self, message):
        """MAIL to end of header, recipients and all. Returns the Outcome so far; its reply is None
        when the body may follow. A refused recipient is left out, as by a client that goes on; any
        other refusal ends the message."""
        rcpts = []
        reply = self.mail(message)
        if reply and not reply.goes_on:
            return self._refused(MAIL, reply, rcpts)
        for recipient in message.rcpts:
            rcpts.append(self.rcpt(recipient))
        if all(reply and reply.code != 2 for reply in rcpts):
            return self._refused(RCPT, rcpts[-1], rcpts)
        steps = [(DATA, self.data)]
        steps += [(HEADER, lambda field=field: self.header(*field)) for field in message.headers]
        steps += [(EOH, self.eoh)]
        for stage, step in steps:
            reply = step()
            if reply and not reply.goes_on:
                return self._refused(stage, reply, rcpts)
        return Outcome(EOH, None, rcpts)

    def _refused(self, stage, reply, rcpts):
        self.session.abort()
        return Outcome(stage, reply, rcpts)

    def message(self, message=None):
        """MAIL to end of message."""
        message = message or Message()
        outcome = self.begin(message)
        if outcome.reply:
            return outcome
        reply = self.body(message.body, message.chunk)
        if reply and not reply.goes_on:
            return self._refused(BODY, reply, outcome.rcpts)
        return Outcome(EOM, self.eom(), outcome.rcpts)


def play(session, message=None, client=None, mta=POSTFIX):
    """One whole message on a fresh session."""
    player = Player(session, client, mta)
    return player.open() or player.message(message)


RECEIVED = (b"Received", b" by mx.example.com (MTA) id 4XyZ7D1mBnz9sQ;\n\tSat, 21 Nov 2026 10:00:01 "
                         b"+0000")


def apply_edits(headers, edits, *, leadspc=True, received=RECEIVED, renumbers=True):
    """The header list as it leaves: the MTA's own Received on top, hidden from the filter and from
    the counting of instances; insertions at index 0 above it. renumbers: whether a field that was
    deleted is counted no more by the edits that follow (a good filter's edits mean the same in both
    ways)."""
    gone = (b"", b"")
    fields = [received] + [(to_bytes(name), to_bytes(value)) for name, value in headers]
    names = [None] + [name.lower() for name, _ in fields[1:]]  # None: not counted
    blank = b"" if leadspc else b" "
    for edit in edits:
        field = (edit.name, blank + edit.value)
        place = len(fields)
        if edit.kind == CHGHEADER:
            found = [at for at, name in enumerate(names) if name == edit.name.lower()]
            if 1 <= edit.index <= len(found):
                place = found[edit.index - 1]
                fields[place] = field if edit.value else gone
                if not edit.value and renumbers:
                    names[place] = None
                continue
            if not edit.value:
                continue
        elif edit.kind == INSHEADER:
            place = edit.index
        elif edit.kind == QUARANTINE:
            continue
        elif edit.kind != ADDHEADER:
            raise ValueError(f"an edit that this filter must not ask for: {edit}")
        fields.insert(place, field)
        names.insert(place, edit.name.lower())
    return [field for field in fields if field is not gone]


def message_bytes(fields, body):
    """As it goes over SMTP: CRLF everywhere."""
    lines = [name + b":" + value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"
             for name, value in fields]
    return b"".join(lines) + b"\r\n" + body
