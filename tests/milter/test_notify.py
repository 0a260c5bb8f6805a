"""What the service manager is told, and when."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from daemon import PROGRAM, Daemon
from gate import Gate
from harness.milter_mta import Message
from harness.milter_wire import open_socket
from harness.process import pending
from harness.service_manager import Notifications
from harness.waiting import PATIENCE, wait_until


@pytest.fixture
def site():
    """A daemon that is not yet started; its service manager's name in the way that is asked for."""
    made = []

    def make(abstract=False, **environment):
        daemon = Daemon()
        name = f"@{daemon.folder}/notify" if abstract else daemon.folder / "notify"
        manager = Notifications(name)
        daemon.environment = {"NOTIFY_SOCKET": manager.address, **environment}
        made.append((daemon, manager))
        return daemon, manager

    yield make
    for daemon, manager in made:
        daemon.remove()
        manager.socket.close()


def launch(daemon):
    """As Daemon.start, but without looking at the socket."""
    with open(daemon.errors, "ab") as errors:
        daemon.process = subprocess.Popen([str(PROGRAM), "-f", "-c", str(daemon.config)],
                                          stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                          env={**os.environ, **daemon.environment})


def listener(pid):
    """The thread in which libmilter waits for connections: in poll(), on one descriptor, for 5 s."""

    def found():
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            words = (task / "syscall").read_text().split()
            if len(words) > 3 and words[2:4] == ["0x1", hex(5000)]:
                return int(task.name)
        return None

    return wait_until(found, "libmilter to listen")


@contextlib.contextmanager
def held(thread):
    """Stops one thread, as a debugger does."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ptrace(request):
        assert libc.ptrace(request, thread, None, None) == 0, os.strerror(ctypes.get_errno())

    ptrace(0x4206)  # PTRACE_SEIZE
    ptrace(0x4207)  # PTRACE_INTERRUPT
    os.waitpid(thread, 0x40000000)  # __WALL
    try:
        yield
    finally:
        ptrace(17)  # PTRACE_DETACH


@pytest.mark.parametrize("abstract", [False, True])
def test_the_life_of_a_daemon(site, abstract):
    daemon, manager = site(abstract)
    launch(daemon)
    at, sender, said = manager.wait("READY")
    assert at == 0 and sender == daemon.process.pid and said["READY"] == "1"
    gate = Gate(daemon)
    gate.check_signed(gate.play())  # at once: that is what it said
    config = gate.record()["config"]
    assert said["STATUS"] == f"serving: config={config}"

    before = time.clock_gettime(time.CLOCK_MONOTONIC)
    daemon.configure('timeout = "2h";\n')
    daemon.reload()
    at, _, said = manager.wait("RELOADING")
    assert before <= int(said["MONOTONIC_USEC"]) / 1e6 <= time.clock_gettime(time.CLOCK_MONOTONIC)
    at, _, said = manager.wait("READY", at)
    assert said["STATUS"].startswith("serving: config=") and config not in said["STATUS"]
    config = said["STATUS"].partition("config=")[2]

    daemon.configure("nonsense = ;\n")
    daemon.reload()
    at, _, said = manager.wait("RELOADING", at + 1)
    at, _, said = manager.wait("READY", at)
    assert said["STATUS"].startswith(f"reload refused, config={config} stays in force: {daemon.config}:"), said

    assert daemon.stop() == 0
    at, _, said = manager.wait("STOPPING", at)
    assert said["STOPPING"] == "1" and at == len(manager.all()) - 1


def fill(address):
    """Whoever sends there now has to wait for it to be read."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.connect(address)
        with contextlib.suppress(BlockingIOError):
            while True:
                sender.send(b"FILL=1")


def test_an_end_does_not_wait_for_reloads(site):
    """Several are asked for while one takes long: here, as the service manager does not listen."""
    daemon, manager = site()
    launch(daemon)
    manager.wait("READY")
    fill(manager.address)
    pid = daemon.process.pid
    for number in [signal.SIGUSR1] * 4 + [signal.SIGTERM]:
        daemon.process.send_signal(number)
        wait_until(lambda: number not in pending(pid, pid, "ShdPnd"), "the signal to be taken")
    manager.wait("STOPPING")
    assert daemon.stop() == 0
    assert sum("RELOADING" in said for _, said in manager.all()) <= 1


def end_children(pid):
    """strace lets what it traces go on when it is killed."""
    for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGKILL)


def test_it_serves_before_it_says_so(site):
    """libmilter fails to accept at first: that it listens is not enough."""
    daemon, manager = site(ASAN_OPTIONS="detect_leaks=0")
    calls = daemon.folder / "calls"
    trace = ["strace", "-f", "-o", str(calls), "-e", "trace=accept,sendto", "-e", "inject=accept:error=EAGAIN:when=1..20"]
    with open(daemon.errors, "ab") as errors:
        daemon.process = subprocess.Popen([*trace, str(PROGRAM), "-f", "-c", str(daemon.config)],
                                          stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                          env={**os.environ, **daemon.environment})
    try:
        _, sender, _ = manager.wait("READY")
        os.kill(sender, signal.SIGTERM)
        assert daemon.process.wait(PATIENCE) == 0
    finally:
        end_children(daemon.process.pid)
    lines = calls.read_text().splitlines()
    said = next(at for at, line in enumerate(lines) if "READY=1" in line)
    tried = [line for line in lines[:said] if "accept(" in line]
    assert len(tried) > 20 and "INJECTED" not in tried[-1], lines


def test_it_is_stopping_before_it_ends(site):
    daemon, manager = site()
    daemon.start()
    player = Gate(daemon).player()
    player.begin(Message())
    daemon.terminate()
    _, _, said = manager.wait("STOPPING")
    assert said["STATUS"] == "stopping: 1 messages under way"
    assert daemon.alive(), "a message is under way"
    player.body(b"Shall we?\r\n")
    assert player.eom().code == 2
    assert daemon.stop() == 0


@pytest.mark.parametrize("what", ["configuration", "socket", "pid file"])
def test_a_start_that_fails(site, what):
    daemon, manager = site()
    status = 71
    if what == "configuration":
        daemon.configure("nonsense = ;\n")
        status = 78
    elif what == "socket":
        (daemon.folder / "run").rmdir()
    else:
        daemon.configure('pid_file = "/nonexistent/pid";\n')
    launch(daemon)
    assert daemon.process.wait(PATIENCE) == status
    messages = [said for _, said in manager.all()]
    assert len(messages) == 1 and messages[0]["EXIT_STATUS"] == str(status), messages
    assert messages[0]["STATUS"] in daemon.log() and messages[0]["STATUS"], messages


def test_a_status_is_one_line(site):
    """A sentence may have several; the second one would be read as another variable."""
    daemon, manager = site()
    daemon.configure('"\n')
    daemon.config = daemon.config.rename(daemon.folder / "sub\nREADY=1")
    launch(daemon)
    assert daemon.process.wait(PATIENCE) == 78
    assert "sub\nREADY=1" in daemon.log()
    assert [set(said) for _, said in manager.all()] == [{"EXIT_STATUS", "STATUS"}]


def test_a_check_tells_nobody(site):
    daemon, manager = site()
    done = subprocess.run([str(PROGRAM), "-n", "-c", str(daemon.config)], timeout=PATIENCE, check=False,
                          capture_output=True, env={**os.environ, **daemon.environment})
    assert done.returncode == 0 and manager.all() == []


def test_the_watchdog(site):
    """It is fed while libmilter answers, and starves when it does not."""
    daemon, manager = site(WATCHDOG_USEC="400000")
    daemon.start()
    at, _, said = manager.wait("WATCHDOG")
    assert said["WATCHDOG"] == "1"
    manager.wait("WATCHDOG", at + 1)
    with held(listener(daemon.process.pid)):
        daemon.wait_for_log("libmilter has not answered")
        seen = len(manager.all())
        wait_until(lambda: daemon.log().count("libmilter has not answered") >= 3, "two more complaints")
        assert not any("WATCHDOG" in said for _, said in manager.all()[seen:])
    seen = len(manager.all())
    manager.wait("WATCHDOG", seen)


def test_the_watchdog_without_descriptors(site):
    """Sessions that are open are served, and would not survive being started again."""
    daemon, manager = site(WATCHDOG_USEC="400000")
    daemon.wrapper = ("prlimit", "--nofile=64")
    daemon.start()
    with contextlib.ExitStack() as idle:
        for _ in range(100):
            with contextlib.suppress(OSError):
                idle.callback(open_socket(daemon.socket, 5).close)
        daemon.wait_for_log("Too many open files")
        seen = len(manager.all())
        for _ in range(3):
            seen = manager.wait("WATCHDOG", seen)[0] + 1
        assert "has not answered" not in daemon.log()


@pytest.mark.parametrize("pid, fed", [("own", True), ("another's", False)])
def test_whose_watchdog_it_is(site, pid, fed):
    daemon, manager = site(WATCHDOG_USEC="100000")
    command = ("WATCHDOG_PID=$$ exec \"$@\"" if pid == "own" else "WATCHDOG_PID=1 exec \"$@\"")
    daemon.wrapper = ("bash", "-c", command, "bash")
    daemon.start()
    if fed:
        manager.wait("WATCHDOG")
    else:
        daemon.reload()
        manager.wait("RELOADING")
        time.sleep(0.3)
        assert not any("WATCHDOG" in said for _, said in manager.all())


@pytest.mark.parametrize("name", ["/nonexistent/notify", "nonsense", "", "/" + 200 * "x", "@"])
def test_nobody_to_tell(start_daemon, name):
    gate = start_daemon(environment={"NOTIFY_SOCKET": name})
    gate.check_signed(gate.play())
    gate.record()
    assert gate.daemon.stop() == 0


def test_the_journal_has_each_line_once(site):
    """Standard error is the journal where JOURNAL_STREAM names it: syslog goes there too."""
    daemon, manager = site()
    daemon.errors.touch()
    status = os.stat(daemon.errors)
    daemon.environment["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
    launch(daemon)
    manager.wait("READY")
    assert daemon.stop() == 0
    assert daemon.log() == ""
    daemon.environment["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino + 1}"
    launch(daemon)
    manager.wait("READY", len(manager.messages))
    daemon.wait_for_log("started:")
    assert daemon.stop() == 0
