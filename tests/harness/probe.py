"""A milter that says yes to everything and remembers what the MTA told it: for the facts that submilter
stands on, which a distribution's upgrade could change silently."""

import socketserver
import struct
import threading
from dataclasses import dataclass, field

from .waiting import wait_until

VERSION = 6
SETSYMLIST = 0x100
HDR_LEADSPC = 0x100000
RCPT_REJ = 0x800
STAGES = {"connect": 0, "helo": 1, "mail": 2, "rcpt": 3, "data": 4, "eom": 5, "eoh": 6}
COMMANDS = {
    "C": "connect", "H": "helo", "M": "mail", "R": "rcpt", "T": "data", "L": "field", "N": "eoh",
    "B": "body", "E": "eom", "A": "abort", "Q": "quit", "K": "quit", "U": "unknown",
}
UNANSWERED = ("abort", "quit")


@dataclass
class Event:
    name: str
    data: bytes
    macros: dict = field(default_factory=dict)  # sent for this event; names without braces

    @property
    def texts(self):
        """The event's NUL-terminated strings."""
        return self.data.removesuffix(b"\0").split(b"\0")


class Connection(list):
    """The events of one connection, in order."""

    def named(self, name):
        return [event for event in self if event.name == name]

    def fields(self):
        """(name, value) of each header field, as bytes."""
        return [tuple(event.texts) if len(event.texts) == 2 else (event.texts[0], b"")
                for event in self.named("field")]

    def body(self):
        return b"".join(event.data for event in self.named("body"))


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        probe = self.server.probe
        connection = Connection()
        macros = {}
        while packet := self.read_packet():
            letter, data = packet[:1].decode(), packet[1:]
            if letter == "O":
                self.negotiate(data, probe.wanted)
                probe.connections.append(connection)
            elif letter == "D":
                macros[data[:1]] = _macros(data[1:])
            else:
                name = COMMANDS[letter]
                connection.append(Event(name, data, macros.pop(letter.encode(), {})))
                if name not in UNANSWERED:
                    self.write_packet(b"c")

    def read_packet(self):
        length = self.rfile.read(4)
        return self.rfile.read(struct.unpack("!I", length)[0]) if len(length) == 4 else b""

    def write_packet(self, packet):
        self.wfile.write(struct.pack("!I", len(packet)) + packet)

    def negotiate(self, offer, wanted):
        _, actions, _ = struct.unpack("!III", offer[:12])
        answer = struct.pack("!III", VERSION, actions & SETSYMLIST, HDR_LEADSPC | RCPT_REJ)
        for stage, names in wanted.items():
            answer += struct.pack("!I", STAGES[stage]) + names.encode() + b"\0"
        self.write_packet(b"O" + answer)


def _macros(data):
    items = data.removesuffix(b"\0").split(b"\0")
    return {name.decode().strip("{}"): value for name, value in zip(items[::2], items[1::2])}


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True


class Probe:
    """wanted: {stage: "{macro} {macro} ..."} to ask the MTA for."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.connections = []
        self.listener = _Listener(("127.0.0.1", 0), _Handler)
        self.listener.probe = self
        self.port = self.listener.server_address[1]
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

    def wait(self, name, text):
        """The last connection with an event of that name and that first text, once it has ended.

        The MTA makes a new one when a client turns out to be another (XCLIENT).
        """

        def found():
            those = [
                connection
                for connection in list(self.connections)
                if any(event.texts[0] == text for event in connection.named(name))
            ]
            return those[-1] if those and all(each.named("quit") for each in those) else None

        return wait_until(found, f"the end of a connection with {name} {text!r}")

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()
