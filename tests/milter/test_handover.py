"""A restart that loses no connection: the listening socket changes hands, sessions do not."""

import concurrent.futures
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import threading
import time

import pytest

from daemon import CONFIG, FREE, PROGRAM, USER
from harness.milter_mta import EOM, Message, Outcome, Player, play
from harness.milter_wire import Session
from harness.process import Adopted, free_ports, run, stopped
from harness.waiting import PATIENCE, accepts, wait_until

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root has rights to drop")
HAND_OVERS = int(os.environ.get("SUBMILTER_HAND_OVERS", "12"))
UNIX = 'socket = "unix:{folder}/run/submilter.sock";'


def sockets(process):
    links = [os.readlink(path) for path in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()]
    return {link for link in links if link.startswith("socket:")}


def test_an_open_session_keeps_its_daemon(generations):
    """In the middle of a message, and for the next one; what is new goes to the successor."""
    gate = generations()
    daemon = gate.daemon
    message = Message()
    player = gate.player()
    idle = gate.player()
    player.begin(message)
    daemon.hand_over()
    old = daemon.earlier[0]
    assert not sockets(old) & sockets(daemon.process), "a session would stay open when its daemon closes it"
    gate.check_signed(gate.play())
    player.body(message.body)
    gate.check_signed(Outcome(EOM, player.eom()))
    gate.check_signed(player.message())
    gate.check_signed(idle.message())
    gate.records(4)
    player.session.close()
    gate.check_signed(idle.message())
    assert old.poll() is None, "it has an open session"
    idle.session.close()
    assert old.wait() == 0
    assert os.path.exists(daemon.socket), "it is the successor's"
    gate.check_signed(gate.play())
    gate.records(2)
    assert daemon.stop() == 0
    assert not os.path.exists(daemon.socket)


def test_a_session_that_has_not_spoken_is_kept(generations):
    """It was accepted: nobody else can serve it."""
    gate = generations()
    silent = gate.session(negotiate=False)
    gate.check_signed(gate.play())  # libmilter accepts in order
    gate.daemon.hand_over()
    gate.check_signed(gate.play())
    silent.negotiate()
    gate.check_signed(play(silent))
    silent.close()
    gate.records(3)
    assert gate.daemon.earlier[0].wait() == 0


def test_signals_do_not_shorten_what_is_left(generations):
    """A session has ten minutes from the hand-over on, however often its daemon is asked for another one."""
    gate = generations()
    player = gate.player()
    gate.daemon.hand_over()
    old = gate.daemon.earlier[0]
    for _ in range(10000):
        old.send_signal(signal.SIGUSR2)
        time.sleep(0.0005)
    gate.check_signed(player.message())
    gate.record()
    player.session.close()
    assert old.wait() == 0


def test_under_load(generations):
    """No session fails and no message is judged twice or never, whoever serves."""
    gate = generations()
    daemon = gate.daemon
    enough = threading.Event()

    def client(number):
        """Sessions of one to four messages, until it is enough. How many messages passed."""
        passed = 0
        while not enough.is_set():
            with Session(daemon.socket, timeout=PATIENCE) as session:
                player = Player(session)
                assert player.open() is None
                for _ in range(1 + (passed + number) % 4):
                    outcome = player.message()
                    assert outcome.accepted, outcome
                    passed += 1
                session.quit()
        return passed

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(client, number) for number in range(8)]
        try:
            for _ in range(HAND_OVERS):
                before = len(daemon.records())
                daemon.hand_over()
                wait_until(lambda: len(daemon.records()) >= before + 8 or any(job.done() for job in jobs),
                           "messages to pass")
        finally:
            enough.set()
        total = sum(job.result() for job in jobs)
    records = gate.records(total, PATIENCE)
    print(f"{len(daemon.earlier)} hand-overs, {total} messages")
    assert len({record["id"] for record in records}) == total
    assert all(record["action"] == "accept" for record in records)
    assert len(daemon.earlier) == HAND_OVERS


def test_over_the_network(generations):
    port = free_ports(1)[0]
    gate = generations(config=CONFIG.replace(UNIX, f'socket = "inet:{port}@127.0.0.1";'),
                       socket=("127.0.0.1", port))
    player = gate.player()
    gate.daemon.hand_over()
    gate.check_signed(gate.play())
    gate.check_signed(player.message())
    player.session.close()
    assert gate.daemon.earlier[0].wait() == 0
    gate.check_signed(gate.play())
    gate.records(3)


def test_the_successor_has_the_configuration_of_now(generations):
    """And its own address, when that is another one now: the old one's goes."""
    gate = generations()
    daemon = gate.daemon
    before = daemon.socket
    gate.play()
    config = gate.record()["config"]
    daemon.template = CONFIG.replace("submilter.sock", "other.sock")
    daemon.configure('socket_group = "";\n')
    daemon.hand_over()
    daemon.socket = daemon.folder / "run" / "other.sock"
    gate.check_signed(gate.play())
    assert gate.record()["config"] != config
    assert not before.exists()
    assert daemon.earlier[0].wait() == 0


def test_a_successor_that_can_not_start_changes_nothing(generations):
    """The running daemon says why, serves on, and hands over once the configuration is mended."""
    gate = generations(pid_file=True)
    daemon = gate.daemon
    if os.getuid() == 0:
        shutil.chown(daemon.folder / "run" / "pid", USER)
    daemon.configure("unknown_key = 1;\n")
    player = gate.player()
    pid = daemon.process.pid
    daemon.process.send_signal(signal.SIGUSR2)
    daemon.wait_for_log("hand-over failed, this process goes on")
    assert "unknown_key" in daemon.log()
    assert (daemon.folder / "run" / "pid").read_text() == f"{pid}\n"
    gate.check_signed(gate.play())
    gate.check_signed(player.message())
    gate.records(2)
    assert not any("MAINPID" in said or "STOPPING" in said for _, said in daemon.manager.all())
    daemon.configure()
    daemon.hand_over()
    gate.check_signed(gate.play())
    gate.check_signed(player.message())
    gate.records(2)
    player.session.close()
    assert daemon.earlier[0].wait() == 0
    wait_until(lambda: (daemon.folder / "run" / "pid").read_text() == f"{daemon.process.pid}\n", "the pid file")


def test_a_program_that_is_gone_changes_nothing(generations):
    """An upgrade that went wrong: the file that the daemon came from is not there."""
    gate = generations(own_program=True)
    program = gate.daemon.program
    program.rename(program.with_name("away"))
    gate.daemon.process.send_signal(signal.SIGUSR2)
    gate.daemon.wait_for_log("hand-over failed, this process goes on: cannot run")
    gate.check_signed(gate.play())
    program.with_name("away").rename(program)
    gate.daemon.hand_over()
    gate.check_signed(gate.play())
    gate.records(2)


@AS_ROOT
@FREE
def test_keys_of_root(generations):
    """The daemon can't read them any more, and so it can't start a successor; root can."""
    gate = generations(pid_file=True)
    daemon = gate.daemon
    assert daemon.stop() == 0
    for path in (daemon.folder / "keys").rglob("*"):
        os.chown(path, 0, 0)
    daemon.start()
    daemon.process.send_signal(signal.SIGUSR2)
    daemon.wait_for_log("hand-over failed, this process goes on")
    assert "Permission denied" in daemon.log()
    gate.check_signed(gate.play())
    gate.record()
    successor = take_over(daemon)
    daemon.earlier.append(daemon.process)
    daemon.process = successor
    gate.check_signed(gate.play())
    gate.record()
    assert daemon.earlier[0].wait() == 0


def traced(task):
    return "TracerPid:\t0\n" not in (task / "status").read_text()


def take_over(daemon):
    """submilter -t into the background, which returns when it serves."""
    done = subprocess.run([str(PROGRAM), "-t", "-c", str(daemon.config)], timeout=PATIENCE, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True)
    assert done.returncode == 0, (done, daemon.log()[-2000:])
    return Adopted(int((daemon.folder / "run" / "pid").read_text()))


def test_taking_over(generations):
    """submilter -t, as an init script has it: with nobody there, and then again and again."""
    gate = generations(pid_file=True)
    daemon = gate.daemon
    assert daemon.stop() == 0
    daemon.process = take_over(daemon)
    for _ in range(3):
        player = gate.player()
        daemon.earlier.append(daemon.process)
        daemon.process = take_over(daemon)
        assert daemon.process.pid != daemon.earlier[-1].pid
        gate.check_signed(gate.play())
        gate.check_signed(player.message())
        player.session.close()
        assert daemon.earlier[-1].wait() == 0
    gate.records(6)
    done = subprocess.run([str(PROGRAM), "-t", "-c", str(daemon.folder / "none")], timeout=PATIENCE, check=False,
                          capture_output=True, text=True)
    assert done.returncode == 78 and daemon.process.poll() is None
    gate.check_signed(gate.play())
    gate.record()


def test_taking_over_without_a_pid_file(generations):
    """As setup leaves it: -t starts where nobody is, and says what it needs to know where somebody is."""
    daemon = generations().daemon
    command = [str(PROGRAM), "-f", "-t", "-c", str(daemon.config)]
    done = subprocess.run(command, timeout=PATIENCE, check=False, capture_output=True, text=True)
    assert done.returncode == 71 and "pid_file: -t has to know" in done.stderr and daemon.process.poll() is None
    assert daemon.stop() == 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        try:
            wait_until(lambda: accepts(str(daemon.socket)), "it listens", explain=daemon.log)
        finally:
            started.terminate()
        assert started.wait(PATIENCE) == 0
    daemon.start()


def test_taking_over_without_handles(generations):
    """As before Linux 5.3."""
    daemon = generations(pid_file=True).daemon
    calls = daemon.folder / "calls"
    trace = ["strace", "-f", "-o", str(calls), "-e", "trace=pidfd_open", "-e", "inject=pidfd_open:error=ENOSYS"]
    with subprocess.Popen([*trace, str(PROGRAM), "-f", "-t", "-c", str(daemon.config)], stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}) as traced:
        try:
            assert daemon.process.wait(PATIENCE) == 0
            assert play(Session(daemon.socket)).accepted
            assert "INJECTED" in calls.read_text()
        finally:
            for child in pathlib.Path(f"/proc/{traced.pid}/task/{traced.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGTERM)
        assert traced.wait(PATIENCE) == 0
    daemon.start()


@AS_ROOT
@pytest.mark.parametrize("user", [USER, "daemon"])
def test_a_pid_file_that_names_another(generations, user):
    """Its folder is the daemon's: what it wrote there must not have root end other processes."""
    gate = generations(pid_file=True)
    daemon = gate.daemon
    assert daemon.stop() == 0
    with subprocess.Popen(["setpriv", f"--reuid={user}", "--clear-groups", "sleep", "600"]) as other:
        try:
            wait_until(lambda: "sleep" in pathlib.Path(f"/proc/{other.pid}/comm").read_text(), "sleep")
            (daemon.folder / "run" / "pid").write_text(f"{other.pid}\n")
            daemon.process = take_over(daemon)
            gate.check_signed(gate.play())
            gate.record()
            assert other.poll() is None
        finally:
            other.kill()


@AS_ROOT
def test_a_pid_file_that_names_one_of_root(generations):
    """It expects the signal, as many do, and is not the daemon's user's: it gets none."""
    gate = generations(pid_file=True)
    daemon = gate.daemon
    assert daemon.stop() == 0
    heard = []
    before = signal.signal(signal.SIGUSR2, lambda *_: heard.append(1))
    try:
        (daemon.folder / "run" / "pid").write_text(f"{os.getpid()}\n")
        daemon.process = take_over(daemon)
        gate.check_signed(gate.play())
        gate.record()
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert not heard


@AS_ROOT
@FREE
def test_a_pid_file_of_root_is_not_left_behind(generations):
    """A successor that can't write it does not follow: the file would name a process that has ended."""
    gate = generations(pid_file=True)
    gate.daemon.process.send_signal(signal.SIGUSR2)
    gate.daemon.wait_for_log("hand-over failed, this process goes on: pid_file: cannot write")
    assert "submilter -t" in gate.daemon.log()
    gate.check_signed(gate.play())
    gate.record()


def test_taking_over_from_one_that_ends(generations):
    """It has been told to end, and does not answer: the successor waits for it, and starts in its place."""
    gate = generations(pid_file=True)
    daemon = gate.daemon
    player = gate.player()
    message = Message()
    player.begin(message)
    daemon.process.terminate()
    daemon.wait_for_log("stopping:")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        successor = pool.submit(take_over, daemon)
        name = f"@submilter/successor-of/{daemon.process.pid}\n"
        wait_until(lambda: name in pathlib.Path("/proc/net/unix").read_text() or successor.done(), "it to be asked")
        player.body(message.body)
        assert player.eom().code == 2
        assert daemon.process.wait() == 0
        daemon.process = successor.result()
    gate.check_signed(gate.play())
    gate.records(2)


@AS_ROOT
@FREE
def test_a_full_log_costs_the_successor_no_record(generations):
    """Both write to it: what one takes back of a record that did not fit is not the other's."""
    gate = generations()
    daemon = gate.daemon
    player = gate.player()
    daemon.hand_over()
    old = daemon.earlier[0]
    gate.check_signed(gate.play())
    gate.record()
    room = daemon.records_file.stat().st_size + 10
    run("setpriv", f"--reuid={USER}", f"--regid={pwd.getpwnam(USER).pw_gid}", "--clear-groups",
        "prlimit", f"--pid={old.pid}", f"--fsize={room}:{room}")
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(old.pid), "-e", "inject=lseek:signal=STOP:when=1"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool, subprocess.Popen(trace, stdin=subprocess.DEVNULL) as tracer:
        try:
            wait_until(lambda: all(traced(task) for task in pathlib.Path(f"/proc/{old.pid}/task").iterdir()), "strace")
            job = pool.submit(player.message)
            wait_until(lambda: stopped(old.pid), "it to be about to look where the file ends")
            before = daemon.records_file.stat().st_size
            gate.check_signed(gate.play())
            wait_until(lambda: daemon.records_file.read_bytes()[before:].endswith(b"\n"), "the successor's record")
            written = daemon.records_file.read_bytes()
            old.send_signal(signal.SIGCONT)
            gate.check_signed(job.result())
            daemon.wait_for_log("cannot write: File too large")
        finally:
            old.send_signal(signal.SIGCONT)
            tracer.kill()
    player.session.close()
    assert old.wait() == 0
    assert daemon.records_file.read_bytes() == written
    daemon.records_file.unlink()  # what did not fit stands there before the successor's record


@AS_ROOT
@FREE
def test_process_1_stays(start_daemon):
    """With it a container ends, its successor too."""
    gate = start_daemon(wrapper=("unshare", "--pid", "--fork", "--kill-child"),
                        environment={"ASAN_OPTIONS": "detect_leaks=0"})  # which asks /proc for itself
    above = gate.daemon.process.pid
    child = int(pathlib.Path(f"/proc/{above}/task/{above}/children").read_text())
    os.kill(child, signal.SIGUSR2)
    gate.daemon.wait_for_log("hand-over refused, this process goes on: process 1")
    gate.check_signed(gate.play())
    gate.record()
    os.kill(child, signal.SIGTERM)
    assert gate.daemon.process.wait(PATIENCE) == 0
