"""The end of every message's way: an SMTP server that keeps the bytes that arrive, as they arrive."""

import re
import socketserver
import threading
import time
from dataclasses import dataclass, field

from .waiting import PATIENCE, GaveUp

TRACE = re.compile(rb"^Received:(?:.|\r\n[ \t])*?\bby \S+ \((?:Postfix|8\.)(?:.|\r\n[ \t])*?\bid (\w+)", re.MULTILINE)
CAPABILITIES = b"250-sink.example.net\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 0\r\n"


@dataclass
class Delivery:
    """One message as it left the MTA."""

    mail: bytes  # the MAIL command's argument
    rcpts: list = field(default_factory=list)  # likewise
    data: bytes = b""  # CRLF line ends, dots unstuffed, final dot off
    greeting: bytes = b""  # what the client called itself

    @property
    def sender(self):
        return _path(self.mail)

    @property
    def recipients(self):
        return [_path(rcpt) for rcpt in self.rcpts]

    @property
    def queue_id(self):
        """Under which the MTA had it: in the topmost Received field."""
        found = TRACE.search(self.data)
        return found.group(1).decode() if found else None


def _path(argument):
    """<address>, without the parameters behind it."""
    return (argument[: argument.rindex(b">")] + b">").decode()


class _Handler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text + b"\r\n")

    def handle(self):
        self.say(b"220 sink.example.net ESMTP")
        delivery, greeting = None, b""
        for line in self.rfile:
            line = line.rstrip(b"\r\n")
            verb = line[:4].upper()
            if verb == b"EHLO":
                greeting = line[5:]
                self.wfile.write(self.server.sink.capabilities)
            elif verb == b"MAIL":
                delivery = Delivery(line[10:], greeting=greeting)
                self.say(b"250 2.1.0 Ok")
            elif verb == b"RCPT" and delivery:
                delivery.rcpts.append(line[8:])
                self.say(b"250 2.1.5 Ok")
            elif verb == b"DATA" and delivery:
                self.say(b"354 Go on")
                delivery.data = self.read_data()
                self.server.sink.keep(delivery)
                delivery = None
                self.say(b"250 2.0.0 Ok")
            elif verb == b"QUIT":
                self.say(b"221 2.0.0 Bye")
                return
            else:
                self.say(b"250 2.0.0 Ok")

    def read_data(self):
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 100


class Sink:
    def __init__(self):
        self.deliveries = []
        self.capabilities = CAPABILITIES
        self.changed = threading.Condition()
        self.listener = _Listener(("127.0.0.1", 0), _Handler)
        self.listener.sink = self
        self.port = self.listener.server_address[1]
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

    def keep(self, delivery):
        with self.changed:
            self.deliveries.append(delivery)
            self.changed.notify_all()

    def find(self, queue_id):
        return [each for each in list(self.deliveries) if each.queue_id == queue_id]

    def holding(self, token):
        """Every delivery in whose bytes the token stands."""
        return [each for each in list(self.deliveries) if token in each.data]

    def wait(self, queue_id, patience=PATIENCE):
        """The message of that queue id, once it has arrived."""
        return self._wait(lambda: self.find(queue_id), f"queue id {queue_id}", patience)

    def wait_all(self, queue_ids, patience=PATIENCE):
        """Until each of them has arrived, patience seconds after another at most."""
        missing, seen = set(queue_ids), 0
        while True:
            with self.changed:
                more = self.deliveries[seen:]
                seen += len(more)
            missing -= {each.queue_id for each in more}
            if not missing:
                return
            with self.changed:
                if not self.changed.wait_for(lambda: len(self.deliveries) > seen, patience):
                    raise GaveUp(f"{len(missing)} messages did not arrive at the sink in {patience} s")

    def wait_token(self, token, patience=PATIENCE):
        return self._wait(lambda: self.holding(token), repr(token), patience)

    def wait_more_than(self, count):
        """The deliveries behind the first so many, as soon as there are any."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.deliveries) > count)
            return self.deliveries[count:]

    def take(self):
        """The deliveries since the last time; they are the caller's alone."""
        with self.changed:
            taken, self.deliveries = self.deliveries, []
        return taken

    def _wait(self, look, what, patience):
        deadline = time.monotonic() + patience
        with self.changed:
            while not (found := look()):
                left = deadline - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise GaveUp(f"{what} did not arrive at the sink in {patience} s")
        return found[0]

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()
