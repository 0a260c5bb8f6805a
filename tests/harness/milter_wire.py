"""A client of the milter protocol: it plays the MTA's part, and can play it badly.

Session speaks to one filter over one socket. Every command method sends the command and returns
the filter's Reply, or None where the filter negotiated that it sends none (SMFIP_NR_*) and where
it asked not to be shown the stage at all, as Postfix and Sendmail would do. packet() and raw()
send what no MTA would.
"""

import socket
import struct
import time

from .milter_packets import *  # noqa: F401,F403: this is the one door to the protocol


def open_socket(address, timeout):
    """address: a path, or (host, port)."""
    if isinstance(address, tuple):
        connection = socket.create_connection(address, timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    # A listening unix socket whose backlog is full refuses at once: an MTA comes again.
    for attempt in range(50):
        try:
            connection.connect(str(address))
            return connection
        except BlockingIOError:
            time.sleep(0.02 * (attempt + 1))
    raise ConnectionRefusedError(f"{address}: its backlog stays full")


class Session:
    """One connection to the filter. timeout: seconds that a reply is waited for."""

    def __init__(self, address, *, version=6, actions=F_ALL, protocol=P_ALL, timeout=30,
                 negotiate=True):
        self.socket = open_socket(address, timeout)
        self.offered = Options(version, actions, protocol, {})
        self.options = None
        self.skip = False  # the filter wants no more of this stage's packets
        if negotiate:
            self.negotiate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # packets

    def raw(self, data):
        self.socket.sendall(data)

    def packet(self, command, data=b""):
        self.raw(packet_of(command, data))

    def _read(self, size):
        data = bytearray()
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except ConnectionResetError as error:
                raise ConnectionClosed("reset") from error
            if not part:
                raise ConnectionClosed(f"closed after {len(data)} of {size} bytes")
            data += part
        return bytes(data)

    def read_packet(self):
        size = struct.unpack(">I", self._read(4))[0]
        if not 1 <= size <= 1 << 20:
            raise ProtocolError(f"a packet of {size} bytes")
        data = self._read(size)
        return data[:1].decode("latin-1"), data[1:]

    def read_reply(self):
        """Reads up to the packet that ends the command."""
        edits = []
        while True:
            command, data = self.read_packet()
            if command in FINAL:
                return Reply(command, data, edits)
            if command != PROGRESS:
                edits.append(parse_edit(command, data))

    def silent(self, seconds=0.3):
        """True when nothing comes for a while and the connection stays open."""
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b"never"
        except TimeoutError:
            return True
        except ConnectionResetError:
            return False
        finally:
            self.socket.settimeout(before)

    def command(self, command, data=b""):
        """One command as a good MTA sends it: what the filter does not want is not sent, and where
        it sends no reply none is waited for."""
        protocol = self.options.protocol if self.options else 0
        if protocol & P_NO.get(command, 0):
            return None
        self.packet(command, data)
        if protocol & P_NR.get(command, 0):
            return None
        return self.read_reply()

    # the protocol

    def negotiate(self, version=None, actions=None, protocol=None):
        offer = self.offered
        self.packet(OPTNEG, struct.pack(">III",
                                        offer.version if version is None else version,
                                        offer.actions if actions is None else actions,
                                        offer.protocol if protocol is None else protocol))
        command, data = self.read_packet()
        if command != OPTNEG:
            raise ProtocolError(f"an answer '{command}' to the option negotiation")
        self.options = parse_options(data)
        check_options(offer, self.options)
        return self.options

    def macros(self, stage, macros):
        self.raw(macro_packet(stage, macros))

    def connect(self, host="client.example.net", address="192.0.2.7", port=41234, family="4"):
        if family == "U":
            return self.command(CONNECT, strings(host)[:-1] + b"\0U")
        return self.command(CONNECT, to_bytes(host) + b"\0" + family.encode("ascii")
                            + struct.pack(">H", port) + strings(address))

    def helo(self, name="client.example.net"):
        return self.command(HELO, strings(name))

    def mail(self, sender, *parameters):
        return self.command(MAIL, strings(sender, *parameters))

    def rcpt(self, recipient, *parameters):
        return self.command(RCPT, strings(recipient, *parameters))

    def data(self):
        return self.command(DATA)

    def header(self, name, value):
        return self.command(HEADER, strings(name, value))

    def eoh(self):
        return self.command(EOH)

    def body(self, chunk):
        return self.command(BODY, chunk)

    def eom(self, chunk=b""):
        return self.command(EOM, chunk)

    def unknown(self, line):
        return self.command(UNKNOWN, strings(line))

    def abort(self):
        """Ends the message; no reply comes to it."""
        self.packet(ABORT)

    def quit(self):
        self.packet(QUIT)

    def quit_nc(self):
        """The SMTP client leaves; another one follows on this same socket."""
        self.packet(QUIT_NC)

    def closed_by_filter(self, seconds=10):
        """True when the filter closes the connection within this time, whatever it says before."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
        return True

    def close(self):
        self.socket.close()
