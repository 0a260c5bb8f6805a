"""Stands between a client and a server on a unix socket, and spoils what passes: late, nothing, garbage."""

import contextlib
import socket
import threading
from pathlib import Path


class Between:
    """Listens at path and passes on to target. What spoil() is told holds at once, for open connections too."""

    def __init__(self, path: Path, target: Path):
        self.path = path
        self.target = target
        self.open = set()
        self.lock = threading.Lock()
        self.heal()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o777)
        self.listener.listen(100)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"unix:{self.path}"

    def spoil(self, delay=0.0, answers=None, silent=False, refusing=False):
        """delay: seconds for everything on its way back; answers: these bytes to whatever was asked, and
        the server hears nothing; silent: it takes all and answers nothing; refusing: hangs up."""
        self.how = (delay, answers, silent, refusing)
        if refusing:
            self._hang_up()

    def heal(self):
        self.how = (0.0, None, False, False)

    def stop(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._hang_up()

    def _hang_up(self):
        with self.lock:
            for end in self.open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server, self._known(client, server), \
                contextlib.suppress(OSError):
            if self.how[3]:
                return
            server.connect(str(self.target))
            back = threading.Thread(target=self._answer, args=(server, client), daemon=True)
            back.start()
            self._ask(client, server)
            _end(server)
            back.join()

    @contextlib.contextmanager
    def _known(self, *ends):
        with self.lock:
            self.open.update(ends)
        try:
            yield
        finally:
            with self.lock:
                self.open.difference_update(ends)

    def _ask(self, client, server):
        while data := client.recv(65536):
            _, answers, silent, refusing = self.how
            if refusing:
                return
            if answers is not None:
                client.sendall(answers)
            elif not silent:
                server.sendall(data)

    def _answer(self, server, client):
        pause = threading.Event()
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                pause.wait(self.how[0])
                client.sendall(data)
        _end(client)


def _end(stream):
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)
