"""Starting: into the background, beside a live instance, with files that root must not follow."""

import contextlib
import os
import pathlib
import pwd
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from daemon import FREE, PROGRAM, USER, Daemon
from gate import Gate
from harness.build import program
from harness.milter_mta import Message
from harness.milter_wire import open_socket
from harness.process import run, stopped
from harness.waiting import PATIENCE, wait_until

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root has rights to drop")


@pytest.fixture
def stopped_daemon():
    """Makes sites whose daemons the test starts itself; background ones are ended by pid file."""
    daemons = []

    def make(more=""):
        daemons.append(Daemon(more))
        return daemons[-1]

    yield make
    for daemon in daemons:
        pid_file = daemon.folder / "run" / "pid"
        if pid_file.is_file() and not pid_file.is_symlink() and pid_file.read_text():
            end(int(pid_file.read_text()))
        daemon.remove()


def end(pid, seconds=20):
    """SIGTERM to a process that is nobody's child."""
    deadline = time.monotonic() + seconds
    try:
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.05)
    except ProcessLookupError:
        return
    raise AssertionError("it does not end")


def start(daemon, *arguments, **options):
    """From a copy, as another user may not be let into the folder where it was built."""
    program = shutil.copy(PROGRAM, daemon.folder / "submilter")
    return subprocess.run([program, *arguments, "-c", str(daemon.config)], timeout=60,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)


def test_the_background(stopped_daemon):
    """The command ends with 0 when the socket serves, and the pid file names who serves."""
    daemon = stopped_daemon()
    pid_file = daemon.folder / "run" / "pid"
    daemon.configure(f'pid_file = "{pid_file}";\n')
    done = start(daemon)
    assert done.returncode == 0 and done.stderr == "", done
    assert stat.S_IMODE(os.stat(pid_file).st_mode) == 0o644
    pid = int(pid_file.read_text())
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert os.readlink(f"/proc/{pid}/fd/2") == "/dev/null"
    assert stat.S_IMODE(os.stat(daemon.socket).st_mode) == 0o660
    end(pid)
    assert not daemon.socket.exists()


@pytest.mark.parametrize("closed", ["0<&-", "0<&- 1>&- 2>&-"])
def test_without_standard_streams(stopped_daemon, closed):
    """Whoever starts it has closed them: the listening socket must not be taken for one of them."""
    daemon = stopped_daemon()
    pid_file = daemon.folder / "run" / "pid"
    daemon.configure(f'pid_file = "{pid_file}";\n')
    done = subprocess.run(["bash", "-c", f'exec {closed}; exec "$@"', "bash", str(PROGRAM), "-c", str(daemon.config)],
                          timeout=60, check=False)
    assert done.returncode == 0
    gate = Gate(daemon)
    gate.check_signed(gate.play())
    gate.record()
    pid = int(pid_file.read_text())
    assert [os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)] == ["/dev/null"] * 3
    end(pid)
    assert not daemon.socket.exists()


@pytest.mark.parametrize("pid_file", ["/nonexistent/pid", "{folder}/run/pid"])
def test_a_start_that_fails_is_told(stopped_daemon, pid_file):
    """Not with a 0 and silence: the pid file cannot be written, or is a link to somewhere else."""
    daemon = stopped_daemon()
    victim = daemon.folder / "victim"
    victim.write_text("precious\n")
    (daemon.folder / "run" / "pid").symlink_to(victim)
    daemon.configure(f'pid_file = "{pid_file.format(folder=daemon.folder)}";\n')
    done = start(daemon)
    assert done.returncode == 71 and "pid_file: cannot write" in done.stderr, done
    assert victim.read_text() == "precious\n"
    assert not daemon.socket.exists()


def test_a_reload_finds_a_relative_path(stopped_daemon):
    daemon = stopped_daemon()
    pid_file = daemon.folder / "run" / "pid"
    daemon.configure(f'pid_file = "{pid_file}";\n')
    done = subprocess.run([str(PROGRAM), "-c", daemon.config.name], cwd=daemon.folder, timeout=60,
                          check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0
    before = os.stat(daemon.records_file).st_ino
    daemon.records_file.rename(daemon.folder / "log" / "old")
    os.kill(int(pid_file.read_text()), signal.SIGUSR1)
    deadline = time.monotonic() + 10
    while not daemon.records_file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert os.stat(daemon.records_file).st_ino != before, "a reload opens the records anew"


@AS_ROOT
@FREE
@pytest.mark.parametrize("kind", ["file", "socket"])
def test_what_takes_the_place_of_the_socket(stopped_daemon, kind):
    """Its folder is the daemon's: what that one puts there must not have root give other things away."""
    daemon = stopped_daemon()
    victim = daemon.folder / "victim"
    if kind == "file":
        victim.write_text("precious\n")
    else:
        socket.socket(socket.AF_UNIX).bind(str(victim))
    with subprocess.Popen(["strace", "-D", "-qq", "-o", "/dev/null", "-e", "inject=bind:signal=STOP", str(PROGRAM), "-f",
                           "-c", str(daemon.config)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}) as process:
        try:
            wait_until(lambda: stopped(process.pid) and list(daemon.socket.parent.iterdir()), "the socket to be made")
            made, = daemon.socket.parent.iterdir()
            made.unlink()
            os.link(victim, made)
            process.send_signal(signal.SIGCONT)
            said = process.communicate(timeout=PATIENCE)[1]
            assert process.returncode == 71 and "in the place of the socket" in said, said
        finally:
            process.kill()
    assert os.stat(victim).st_uid == 0
    assert not daemon.socket.exists()


def looks_at(pid, folder):
    """Whether a process has it open."""
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if os.readlink(link) == str(folder):
                return True
    return False


@FREE
def test_two_that_start_at_once(stopped_daemon):
    """The second one finds the first, and none is left with a socket that nobody finds."""
    daemon = stopped_daemon()
    command = [str(PROGRAM), "-f", "-c", str(daemon.config)]
    trace = ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "inject=bind:signal=STOP"]
    options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True,
               "env": {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}}
    with subprocess.Popen([*trace, *command], **options) as first:
        folder = daemon.socket.parent
        wait_until(lambda: stopped(first.pid) and list(folder.iterdir()), "the first one to have looked")
        with subprocess.Popen(command, **options) as second:
            try:
                wait_until(lambda: looks_at(second.pid, folder) or daemon.socket.exists(), "the second one to look")
                first.send_signal(signal.SIGCONT)
                assert "another process is listening" in second.communicate(timeout=PATIENCE)[1]
                open_socket(daemon.socket, PATIENCE).close()
                first.terminate()
                assert first.wait(PATIENCE) == 0
            finally:
                first.kill()
                second.kill()


@AS_ROOT
def test_a_live_socket_that_may_not_be_tried(start_daemon):
    """Started by a user who may not connect to it: that is no proof that nobody listens."""
    gate = start_daemon()
    os.chmod(gate.daemon.socket, 0o600)
    before = os.stat(gate.daemon.socket).st_ino
    done = start(gate.daemon, "-f", user=USER)
    assert done.returncode == 71 and "another process is listening" in done.stderr, done
    assert os.stat(gate.daemon.socket).st_ino == before
    gate.check_signed(gate.play())


def test_a_refusal_while_stopping_is_recorded(start_daemon):
    """A message is under way when SIGTERM comes: it ends well, a new one is put off, both are told."""
    gate = start_daemon()
    under_way, late = gate.player(), gate.player()
    message = Message()
    under_way.begin(message)
    gate.daemon.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 10
    while (reply := late.mail(message)).code != 4 and time.monotonic() < deadline:
        late.session.abort()
        time.sleep(0.02)
    assert reply.text.startswith("451 4.3.0") and "[internal " in reply.text, reply
    under_way.body(message.body)
    assert under_way.eom().code == 2
    assert gate.daemon.process.wait(20) == 0
    records = gate.records(2)
    assert [record["action"] for record in records] == ["tempfail", "accept"]
    assert records[0]["command"] == "MAIL" and "stopping" in records[0]["fault"]


def check(daemon):
    return subprocess.run([str(PROGRAM), "-n", "-c", str(daemon.config)], timeout=60, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_good_site_is_not_warned_of(stopped_daemon):
    done = check(stopped_daemon())
    assert done.returncode == 0 and done.stderr == "" and "is good" in done.stdout, done


@pytest.mark.parametrize("table, said", [
    ("texthash:/nonexistent/senders", "/nonexistent/senders: there is no such file; make it, or take it out of the list"),
    ("inline:{alice=bob", "inline:{alice=bob: inline:{ { key = value }, ... } is expected"),
])
def test_a_table_that_cannot_be_had_is_said_where_it_is_listed(stopped_daemon, table, said):
    daemon = stopped_daemon()
    lines = daemon.config.read_text().count("\n")
    daemon.configure(f'senders: {{\n    tables = [ "{table}" ];\n}};\n')
    for status, command in ((78, [PROGRAM, "-n", "-c", daemon.config]),
                            (75, [program("ctl/submilterctl"), "-c", daemon.config, "who", "alice@example.com"])):
        done = run(*command, check=False)
        assert done.returncode == status, done
        assert f"{daemon.config}:{lines + 2}: senders.tables: {said}" in done.stderr.decode(), done


def test_a_missing_folder_of_the_pid_file_is_told(stopped_daemon):
    daemon = stopped_daemon()
    daemon.configure('pid_file = "/nonexistent/submilter/pid";\n')
    done = check(daemon)
    assert done.returncode == 0 and "pid_file: the daemon will not start before" in done.stderr, done
    assert f"install -d -o {USER} -m 0755 /nonexistent/submilter\n" in done.stderr, done


def test_missing_keys_are_told(stopped_daemon):
    daemon = stopped_daemon()
    (daemon.folder / "keys" / "example.org").rename(daemon.folder / "elsewhere")
    done = check(daemon)
    assert done.returncode == 0, done
    assert "there is no key for example.org" in done.stderr, done
    assert f"submilterctl -c {daemon.config} key new example.org" in done.stderr and "example.com" not in done.stderr, done


@pytest.mark.skipif(os.getuid() != 0, reason="the keys are root's")
def test_keys_that_only_root_can_read_are_told(stopped_daemon):
    daemon = stopped_daemon()
    key = next((daemon.folder / "keys").rglob("*.pem"))
    os.chown(key, 0, 0)
    key.chmod(0o600)
    done = check(daemon)
    assert done.returncode == 0 and "is good" in done.stdout, done
    assert f"root can read the keys, and {USER} cannot: {key}" in done.stderr and "root-keys.conf" in done.stderr, done


@AS_ROOT
def test_whoever_may_not_look_at_the_keys_reads_who_may(stopped_daemon):
    """It may be the daemon's user, for whom the folder can be opened, or anybody else."""
    daemon = stopped_daemon()
    os.chown(daemon.folder / "keys", 0, 0)
    (daemon.folder / "keys").chmod(0o700)
    done = subprocess.run([str(PROGRAM), "-n", "-c", str(daemon.config)], timeout=60, text=True, check=False, user=USER,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 78, done
    assert f"keys cannot be opened by {USER}: Permission denied. Look as root. Only if submilter runs" in done.stderr, done
    assert f" as {USER}: Mend it with: chown root:" in done.stderr, done


def test_a_missing_log_folder_is_told(stopped_daemon):
    """With the command that makes it; the daemon starts all the same, as log.on_error has it."""
    daemon = stopped_daemon()
    log = daemon.folder / "log"
    log.rmdir()
    assert f"install -d -o {USER} -g adm -m 2750 {log}\n" in check(daemon).stderr
    daemon.start()
    daemon.wait_for_log(f"-m 2750 {log}\n")
    assert daemon.stop() == 0


@AS_ROOT
def test_a_log_folder_of_others_is_told(stopped_daemon):
    """-n is root's: it looks as the user that the daemon will be."""
    daemon = stopped_daemon()
    os.chown(daemon.folder / "log", 0, 0)
    told = check(daemon).stderr
    assert "cannot be written: Permission denied" in told and "install" not in told, told


def test_a_missing_socket_folder_is_told(stopped_daemon):
    daemon = stopped_daemon()
    (daemon.folder / "run").rmdir()
    warned = check(daemon)
    assert warned.returncode == 0 and f"-m 2750 {daemon.folder / 'run'}\n" in warned.stderr, warned
    done = start(daemon)
    assert done.returncode == 71, done
    assert f"install -d -o {USER} -g " in done.stderr and f"{daemon.folder / 'run'}\n" in done.stderr, done


def test_paths_in_commands_are_quoted(stopped_daemon):
    """What a shell makes of them is the path that is meant."""
    daemon = stopped_daemon()
    missing = daemon.folder / "it's; not there"
    text = daemon.config.read_text()
    for path in ("run/", "log/"):
        text = text.replace(f"{daemon.folder}/{path}", f"{missing}/{path}")
    daemon.config.write_text(f'{text}counters: {{ file = "{missing}/counted/counters"; }};\n')
    told = check(daemon).stderr
    lines = [line for line in told.splitlines() if "install -d " in line]
    commands = [shlex.split(line[line.index("install -d "):]) for line in lines]
    assert [words[-1] for words in commands] == [f"{missing}/{name}" for name in ("log", "counted", "run")], told
    daemon.configure()
    daemon.config.write_text(daemon.config.read_text().replace(f"{daemon.folder}/run/", f"{missing}/run/"))
    said = start(daemon).stderr
    assert shlex.split(said[said.index("install -d "):])[-1] == f"{missing}/run", said


@pytest.mark.parametrize("more, said", [
    ('alerts: { command = "/nowhere/told a"; };', "alerts.command: /nowhere/told cannot be run: No such file"),
    ('alerts: { command = "/tmp"; };', "alerts.command: /tmp is no program"),
    ('counters: { redis = "unix:/nowhere/r"; };', "counters.secret_file: there is none"),
    ('counters: { redis = "unix:/nowhere/r"; secret_file = "/nowhere/s"; redis_password_file = "/nowhere/p"; };',
     "counters.redis_password_file: /nowhere/p cannot be read"),
    ('policies: { submission: { login_state: { mode = "off"; }; }; };',
     "policies.submission.login_state.mode is off: there"),
    ('groups = ( { name = "lab"; logins = [ "a" ]; policies = [ "local" ]; '
     'rules: { login_state: { mode = "observe"; }; }; } );',
     "policies.local.login_state.mode is observe for the group lab: there")])
def test_what_would_not_help_in_a_theft_is_told(stopped_daemon, more, said):
    daemon = stopped_daemon(more)
    done = check(daemon)
    assert done.returncode == 0 and f"warning: {said}" in done.stderr, done.stderr
    assert done.stderr.count("warning: ") == 1, done.stderr


@pytest.mark.parametrize("url", ["https://", "http:///alerts", "https://:443"])
def test_a_webhook_without_a_host_is_refused(stopped_daemon, url):
    done = check(stopped_daemon(f'alerts: {{ webhook = "{url}"; }};'))
    assert done.returncode == 78 and "alerts.webhook: expected an address like " in done.stderr, done.stderr


@pytest.mark.parametrize("more, said", [
    ('counters: { remember = "2d"; known_after = "3d"; };', "counters.known_after: correspondents would be forgotten"),
    ('policies: { submission: { limits: { login = [ "9 new/day", "9 messages/day", "8  messages / day" ]; }; }; };',
     'policies.submission.limits.login[3]: expected one limit of a quantity and a window in a list, and "9 messages/day"'),
])
def test_what_contradicts_itself_is_refused(stopped_daemon, more, said):
    done = check(stopped_daemon(more))
    assert done.returncode == 78 and said in done.stderr, done.stderr


def test_a_password_that_others_can_read_is_refused(stopped_daemon):
    """Root may own it, and let the daemon's group read it."""
    daemon = stopped_daemon('counters: { redis = "unix:/nowhere/r"; redis_password_file = "{folder}/password"; };')
    password = daemon.folder / "password"
    daemon.config.write_text(daemon.config.read_text().replace("{folder}", str(daemon.folder)))
    password.write_text("geheim")
    password.chmod(0o644)
    if os.getuid() == 0:
        shutil.chown(password, USER)
    for done in (check(daemon), start(daemon)):
        assert done.returncode and f"counters.redis_password_file: {password} is mode 0644: others may read" in done.stderr
    password.chmod(0o600)
    assert check(daemon).returncode == 0
    if os.getuid() == 0:
        shutil.chown(password, "root", pwd.getpwnam(USER).pw_gid)
        password.chmod(0o640)
        done = check(daemon)
        assert done.returncode == 0 and "redis_password_file" not in done.stderr, done.stderr
        password.chmod(0o644)
        assert "chmod 640" in check(daemon).stderr


def test_a_missing_socket_group_is_told(stopped_daemon):
    daemon = stopped_daemon('socket_group = "no-such-group";')
    warned = check(daemon)
    assert warned.returncode == 0 and 'there is no group "no-such-group"' in warned.stderr, warned
    assert start(daemon).returncode == 71


@AS_ROOT
def test_a_socket_folder_of_others_is_told(stopped_daemon):
    """And nobody is told to change the owner of a folder that is there."""
    daemon = stopped_daemon()
    os.chown(daemon.folder / "run", 0, 0)
    done = start(daemon, "-f", user=USER)
    assert done.returncode == 71 and "Permission denied" in done.stderr and "install" not in done.stderr, done
