"""A mail site in one temporary folder: an MTA, its logins and the sink."""

import os
import shutil
import tempfile
from pathlib import Path

from .certificates import Certificates
from .postfix import Postfix
from .sink import Sink


class Site:
    """with Site(...) as site: everything runs, and ends surely.

    mta: Postfix or Sendmail. milter: what it asks about every message, as its own milter() has it.
    """

    def __init__(self, services, milter="", mta=Postfix):
        self.folder = Path(tempfile.mkdtemp(prefix="submilter-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.running = []
        try:
            self.certificates = Certificates(self.folder / "tls")
            self.sink = self.run(Sink())
            self.mta = mta(self.folder / mta.name, services, self.sink.port, self.certificates, milter)
        except BaseException:
            self.stop()
            raise

    @property
    def postfix(self):
        assert isinstance(self.mta, Postfix)
        return self.mta

    def run(self, server):
        """Remember a server, to stop it with the site."""
        self.running.append(server)
        return server

    def start(self):
        self.run(self.mta).start()

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
