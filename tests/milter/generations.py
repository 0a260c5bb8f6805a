"""A daemon that is followed by its successors, under a service manager that this test plays."""

import pathlib
import shutil
import signal

from daemon import CONFIG, PROGRAM, Daemon
from harness.process import Adopted, adopt_orphans
from harness.service_manager import Notifications


class Generations(Daemon):
    """hand_over() as often as wanted. pid_file: with one. own_program: a copy that may be moved away.
    earlier: the processes that have handed over."""

    def __init__(self, more="", pid_file=False, own_program=False, config=CONFIG, **options):
        adopt_orphans(True)
        if pid_file:
            config += 'pid_file = "{folder}/run/pid";\n'
        super().__init__(more, config=config, **options)
        if own_program:
            self.program = pathlib.Path(shutil.copy2(PROGRAM, self.folder / "submilter"))
        self.manager = Notifications(self.folder / "notify")
        self.environment = {**self.environment, "NOTIFY_SOCKET": self.manager.address}
        self.earlier = []
        self.seen = 0

    def start(self, seconds=20):
        self.seen = len(self.manager.all())
        super().start(seconds)
        at, sender, said = self.manager.wait("READY", self.seen)
        assert sender == self.process.pid and said["READY"] == "1", said
        self.seen = at + 1
        return self

    def hand_over(self):
        """SIGUSR2; returns when the service manager knows that the successor serves."""
        self.process.send_signal(signal.SIGUSR2)
        self.follow()

    def follow(self):
        """To the successor that says that it serves."""
        at, sender, said = self.manager.wait("MAINPID", self.seen)
        assert sender == self.process.pid, "a service manager believes nobody else"
        self.earlier.append(self.process)
        self.process = Adopted(int(said["MAINPID"]))
        self.seen, sender, _ = self.manager.wait("READY", at + 1)
        assert sender == self.process.pid

    def kill(self):
        for process in [*self.earlier, self.process]:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    def remove(self):
        super().remove()
        adopt_orphans(False)
        self.manager.socket.close()
