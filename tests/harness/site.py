"""A mail site in one temporary folder: Postfix, Dovecot and the sink."""

import os
import shutil
import tempfile
from pathlib import Path

from .certificates import Certificates
from .dovecot import Dovecot
from .postfix import Postfix
from .sink import Sink


class Site:
    """with Site(...) as site: everything runs, and ends surely.

    milter: what Postfix asks about every message, as in main.cf's smtpd_milters.
    """

    def __init__(self, services, milter=""):
        self.folder = Path(tempfile.mkdtemp(prefix="submilter-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.running = []
        self.dovecot = None
        try:
            self.certificates = Certificates(self.folder / "tls")
            self.sink = self.run(Sink())
            milters = {"smtpd_milters": milter, "non_smtpd_milters": milter}
            self.postfix = Postfix(
                self.folder / "postfix", services, self.sink.port, self.certificates, milters
            )
        except BaseException:
            self.stop()
            raise

    def run(self, server):
        """Remember a server, to stop it with the site."""
        self.running.append(server)
        return server

    def start(self):
        self.dovecot = self.run(Dovecot(self.folder / "dovecot", self.postfix.queue / "private/auth"))
        self.run(self.postfix).start()

    def stop(self):
        """End everything, the last started first; then say what went wrong, if something did."""
        problems = []
        while self.running:
            try:
                self.running.pop().stop()
            except AssertionError as problem:
                problems.append(problem)
        if "SUBMILTER_KEEP_FOLDER" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)
        if problems:
            raise problems[0]

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
