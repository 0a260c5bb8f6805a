"""An SMTP server that is polite until it says what a test wants it to say, and a relay that holds a connection."""

import socket
import socketserver
import ssl
import threading

from .waiting import wait_until

REFUSED = b"530 5.7.0 not so\r\n"


def endless(piece):
    """A reply that never ends."""

    def talk(send):
        while True:
            send(piece)

    return talk


def silence(_send):
    """Nothing comes, and the connection stays."""
    raise Silent


class Silent(Exception):
    pass


class _Session(socketserver.BaseRequestHandler):
    """Stages: greeting, EHLO, MAIL, RCPT, DATA, message; behind TLS with "TLS " in front."""

    def handle(self):
        self.reader = self.request.makefile("rb")
        self.tls = self.login = False
        try:
            self.answer("greeting", b"220 odd.example ESMTP\r\n")
            while line := self.reader.readline():
                self.command(line[:4].upper().decode("latin-1").strip())
        except Silent:
            self.server.odd.ended.wait()
        except OSError:
            pass

    def answer(self, stage, reply):
        stage = f"TLS {stage}" if self.tls else stage
        self.server.odd.stages.append(stage)
        said = self.server.odd.says.get(stage, reply)
        if callable(said):
            said(self.request.sendall)
        else:
            self.request.sendall(said)

    def command(self, verb):
        if verb == "EHLO":
            more = b"250 AUTH PLAIN\r\n" if self.tls else b"250 STARTTLS\r\n"
            self.answer(verb, b"250-odd.example\r\n" + more)
        elif verb == "STAR":
            self.answer("STARTTLS", b"220 go on\r\n")
            self.request = self.server.odd.context.wrap_socket(self.request, server_side=True)
            self.reader, self.tls = self.request.makefile("rb"), True
        elif verb == "AUTH":
            self.login = self.tls
            if self.tls:  # libcurl sends the password once it is asked for
                self.request.sendall(b"334 \r\n")
                self.reader.readline()
            self.answer(verb, b"235 2.7.0 welcome\r\n" if self.tls else b"538 5.7.11 not without TLS\r\n")
        elif verb in ("MAIL", "RCPT"):
            self.answer(verb, b"250 2.1.0 ok\r\n" if self.login else REFUSED)
        elif verb == "DATA":
            self.answer(verb, b"354 go on\r\n")
            while self.reader.readline() not in (b".\r\n", b""):
                pass
            self.answer("message", b"250 2.0.0 taken\r\n")
        else:
            self.request.sendall(b"250 2.0.0 ok\r\n")


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 100

    def handle_error(self, request, client_address):
        pass  # a client that went away in the midst of a handshake


def _listen(handler):
    listener = _Listener(("127.0.0.1", 0), handler)
    threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
    return listener


class OddServer:
    """says: {stage: bytes, or a function that is given how to send}."""

    def __init__(self, says, cert, key):
        self.says = says
        self.stages = []
        self.ended = threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.listener = _listen(_Session)
        self.listener.odd = self
        self.port = self.listener.server_address[1]

    def stop(self):
        self.ended.set()
        self.listener.shutdown()
        self.listener.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class _Through(socketserver.BaseRequestHandler):
    def handle(self):
        relay = self.server.relay
        with relay.lock:
            relay.count += 1
            held = relay.count == relay.held
        if held:
            relay.ended.wait()
            return
        with socket.create_connection(("127.0.0.1", relay.target)) as other:
            back = threading.Thread(target=self.copy, args=(other, self.request), daemon=True)
            back.start()
            self.copy(self.request, other)
            back.join()

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class HoldingRelay(OddServer):
    """Hands connections on to a port of this host; the held-th one goes nowhere."""

    def __init__(self, target, held):  # pylint: disable=super-init-not-called
        self.target, self.held, self.count = target, held, 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.listener = _listen(_Through)
        self.listener.relay = self
        self.port = self.listener.server_address[1]

    def wait_held(self):
        wait_until(lambda: self.count >= self.held, f"connection number {self.held}")
