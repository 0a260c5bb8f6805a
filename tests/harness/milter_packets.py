"""The milter protocol's numbers and packets, version 6: made, and taken apart."""

import dataclasses
import struct

# commands
CONNECT, HELO, MAIL, RCPT, DATA, HEADER, EOH, BODY, EOM = "C", "H", "M", "R", "T", "L", "N", "B", "E"
ABORT, QUIT, QUIT_NC, UNKNOWN, MACRO, OPTNEG = "A", "Q", "K", "U", "D", "O"

# replies: those that end a command, and those that may come before one
ACCEPT, CONTINUE, REJECT, TEMPFAIL, REPLYCODE = "a", "c", "r", "t", "y"
DISCARD, SKIP, SHUTDOWN, CONN_FAIL = "d", "s", "4", "f"
ADDHEADER, INSHEADER, CHGHEADER, QUARANTINE, PROGRESS = "h", "i", "m", "q", "p"
ADDRCPT, DELRCPT, ADDRCPT_PAR, REPLBODY, CHGFROM = "+", "-", "2", "b", "e"
FINAL = frozenset("acrtyds4f")

# actions (SMFIF_*)
F_ADDHDRS, F_CHGBODY, F_ADDRCPT, F_DELRCPT, F_CHGHDRS = 0x1, 0x2, 0x4, 0x8, 0x10
F_QUARANTINE, F_CHGFROM, F_ADDRCPT_PAR, F_SETSYMLIST = 0x20, 0x40, 0x80, 0x100
F_ALL = 0x1FF

# protocol (SMFIP_*)
P_SKIP, P_RCPT_REJ, P_HDR_LEADSPC = 0x400, 0x800, 0x100000
P_NO = {CONNECT: 0x1, HELO: 0x2, MAIL: 0x4, RCPT: 0x8, BODY: 0x10, HEADER: 0x20, EOH: 0x40,
        UNKNOWN: 0x100, DATA: 0x200}
P_NR = {HEADER: 0x80, CONNECT: 0x1000, HELO: 0x2000, MAIL: 0x4000, RCPT: 0x8000, DATA: 0x10000,
        UNKNOWN: 0x20000, EOH: 0x40000, BODY: 0x80000}
P_NR_ALL = sum(P_NR.values())
P_ALL = 0x1FFFFF

# the stages of a symbol list (SMFIM_*)
SYMBOL_STAGES = {0: CONNECT, 1: HELO, 2: MAIL, 3: RCPT, 4: DATA, 5: EOM, 6: EOH}

BODY_CHUNK = 65535


class ProtocolError(Exception):
    """The filter sent what no filter may send."""


class ConnectionClosed(Exception):
    """The filter closed the connection."""


def to_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


@dataclasses.dataclass
class Options:
    """What was agreed on."""
    version: int
    actions: int
    protocol: int
    symbols: dict  # command letter -> macro names, as the filter wrote them


@dataclasses.dataclass
class Edit:
    kind: str  # ADDHEADER, INSHEADER, CHGHEADER, QUARANTINE, or one that this filter must not use
    name: bytes = b""
    value: bytes = b""
    index: int = 0


@dataclasses.dataclass
class Reply:
    command: str
    data: bytes = b""
    edits: list = dataclasses.field(default_factory=list)

    @property
    def text(self):
        """The SMTP reply of a REPLYCODE, as the MTA reads it: %% means %."""
        return self.data.rstrip(b"\0").replace(b"%%", b"%").decode("ascii", "backslashreplace")

    @property
    def code(self):
        """The class of the SMTP reply that the client gets: 2, 4, 5, or 0 for a discard."""
        if self.command == REPLYCODE:
            return int(self.data[:1])
        return {ACCEPT: 2, CONTINUE: 2, SKIP: 2, REJECT: 5, TEMPFAIL: 4, DISCARD: 0}.get(
            self.command, 4)

    @property
    def goes_on(self):
        return self.command in (CONTINUE, SKIP)


def packet_of(command, data=b""):
    return struct.pack(">I", len(data) + 1) + command.encode("ascii") + data


def macro_packet(stage, macros):
    pairs = macros.items() if isinstance(macros, dict) else macros
    data = b"".join(to_bytes(name) + b"\0" + to_bytes(value) + b"\0" for name, value in pairs)
    return packet_of(MACRO, stage.encode("ascii") + data)


def strings(*values):
    return b"".join(to_bytes(value) + b"\0" for value in values)


def parse_options(data):
    if len(data) < 12:
        raise ProtocolError("the option negotiation is too short")
    version, actions, protocol = struct.unpack(">III", data[:12])
    symbols = {}
    rest = data[12:]
    while rest:
        stage = struct.unpack(">I", rest[:4])[0]
        names, separator, rest = rest[4:].partition(b"\0")
        if not separator or stage not in SYMBOL_STAGES:
            raise ProtocolError(f"a symbol list for stage {stage}: {names!r}")
        symbols[SYMBOL_STAGES[stage]] = names.decode("ascii").split()
    return Options(version, actions, protocol, symbols)


def check_options(offered, agreed):
    """A filter takes nothing that was not offered."""
    if agreed.version > offered.version:
        raise ProtocolError(f"version {agreed.version} for our {offered.version}")
    if agreed.actions & ~offered.actions:
        raise ProtocolError(f"actions {agreed.actions:#x} for our {offered.actions:#x}")
    if agreed.protocol & ~offered.protocol & P_ALL:
        raise ProtocolError(f"protocol {agreed.protocol:#x} for our {offered.protocol:#x}")
    if agreed.symbols and not offered.actions & F_SETSYMLIST:
        raise ProtocolError("a symbol list without SMFIF_SETSYMLIST")


def parse_edit(command, data):
    if command in (CHGHEADER, INSHEADER):
        name, value, rest = data[4:].split(b"\0", 2)
        if rest:
            raise ProtocolError(f"more than a name and a value: {data!r}")
        return Edit(command, name, value, struct.unpack(">I", data[:4])[0])
    if command == ADDHEADER:
        name, value, rest = data.split(b"\0", 2)
        if rest:
            raise ProtocolError(f"more than a name and a value: {data!r}")
        return Edit(command, name, value)
    if command in (QUARANTINE, ADDRCPT, DELRCPT, ADDRCPT_PAR, REPLBODY, CHGFROM):
        return Edit(command, value=data)
    raise ProtocolError(f"an unknown reply {command!r} {data[:40]!r}")
