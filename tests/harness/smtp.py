"""An SMTP client that sends exactly the bytes it is given. smtplib is too polite for attacks."""

import base64
import hashlib
import hmac
import re
import secrets
import socket
from dataclasses import dataclass

from .waiting import PATIENCE

# Postfix's words, and Sendmail's
QUEUED_AS = re.compile(r"queued as ([0-9A-Za-z]+)|^2\.0\.0 ([0-9A-Za-z]+) Message accepted")


@dataclass
class Reply:
    code: int
    lines: list  # the texts behind the code, one a line

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def positive(self):
        return 200 <= self.code < 400

    @property
    def queue_id(self):
        found = QUEUED_AS.search(self.text)
        return found.group(found.lastindex) if found else None

    def __str__(self):
        return "\n".join(f"{self.code} {line}" for line in self.lines)


class Disconnected(Exception):
    pass


def to_wire(message: bytes) -> bytes:
    """Dot-stuffed, with the final dot. Line ends are left as they are."""
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    if message and not message.endswith(b"\r\n"):
        stuffed += b"\r\n"
    return stuffed + b".\r\n"


class SmtpClient:
    """One connection. Commands return a Reply, whatever its code; nothing is checked or mended."""

    def __init__(self, port, context=None, wrapper=False, host="127.0.0.1", name="mail.example.com"):
        self.context = context
        self.name = name
        self.sock = socket.create_connection((host, port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = None
        try:
            if wrapper:
                self._wrap()
            else:
                self.file = self.sock.makefile("rb")
            self.banner = self.read()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.file:
            self.file.close()
        self.sock.close()

    def _wrap(self):
        self.sock = self.context.wrap_socket(self.sock, server_hostname=self.name)
        self.file = self.sock.makefile("rb")

    # What goes over the wire

    def send(self, data: bytes):
        self.sock.sendall(data)

    def read(self) -> Reply:
        lines = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise Disconnected(f"the server hung up after {lines + [line]}")
            text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
            lines.append(text[4:])
            if text[3:4] != "-":
                return Reply(int(text[:3]), lines)

    def command(self, line) -> Reply:
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.read()

    # The commands of a session

    def ehlo(self, name="client.example.net"):
        return self.command(f"EHLO {name}" if isinstance(name, str) else b"EHLO " + name)

    def starttls(self):
        reply = self.command("STARTTLS")
        if reply.positive:
            self.file.close()
            self._wrap()
        return reply

    def auth(self, user, password, mechanism="PLAIN"):
        return MECHANISMS[mechanism](self, user, password)

    def mail(self, address="<alice@example.com>", parameters=""):
        return self.command(f"MAIL FROM:{address} {parameters}".rstrip())

    def rcpt(self, address="<bob@example.net>"):
        return self.command(f"RCPT TO:{address}")

    def data(self, message: bytes):
        """The reply to the message, or to DATA itself where that is refused."""
        reply = self.command("DATA")
        return self.content(to_wire(message)) if reply.code == 354 else reply

    def content(self, wire: bytes):
        """After a 354: the bytes as they are, with whatever end they have."""
        self.send(wire)
        return self.read()

    def rset(self):
        return self.command("RSET")

    def quit(self):
        reply = self.command("QUIT")
        self.close()
        return reply


def _b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def _challenge(reply):
    return base64.b64decode(reply.text)


def _plain(client, user, password):
    return client.command("AUTH PLAIN " + _b64(f"\0{user}\0{password}"))


def _login(client, user, password):
    reply = client.command("AUTH LOGIN")
    for answer in (user, password):
        if reply.code != 334:
            return reply
        reply = client.command(_b64(answer))
    return reply


def _cram_md5(client, user, password):
    reply = client.command("AUTH CRAM-MD5")
    if reply.code != 334:
        return reply
    digest = hmac.new(password.encode(), _challenge(reply), "md5").hexdigest()
    return client.command(_b64(f"{user} {digest}"))


def _scram_sha_256(client, user, password):
    """RFC 5802 and 7677, without channel binding."""
    first_bare = f"n={user},r={secrets.token_hex(12)}"
    reply = client.command("AUTH SCRAM-SHA-256 " + _b64("n,," + first_bare))
    if reply.code != 334:
        return reply
    server_first = _challenge(reply).decode()
    told = dict(item.split("=", 1) for item in server_first.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(told["s"]), int(told["i"]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    final_bare = f"c=biws,r={told['r']}"
    signed = f"{first_bare},{server_first},{final_bare}".encode()
    signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    reply = client.command(_b64(f"{final_bare},p={_b64(proof)}"))
    return client.command("") if reply.code == 334 else reply  # the server's own proof


MECHANISMS = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
    "SCRAM-SHA-256": _scram_sha_256,
}
