"""systemctl where no systemd runs: the units are read by systemd's own tools, and carried out as far as they go.

What it is asked stands in /run/stand-in/asked, a line each. "cat" is systemd-analyze's, "enable" and its kin are
those of the real one, systemctl.real, with --root; "start" opens the socket, then starts the service as its unit's user (with
SUBMILTER_CONFINED under all of the unit's restrictions), and waits for its READY; "stop" ends both. Needs root, and a /run of its own.
"""

import grp
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import unit_file  # noqa: E402
from harness.service_manager import Notifications, activated  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

STATE = Path("/run/stand-in")
SERVICE, SOCKET = "submilter.service", "submilter.socket"
CONFINED = Path(__file__).with_name("confined.py")


def is_masked(name):
    return os.path.realpath(f"/etc/systemd/system/{name}") == "/dev/null"


def cat(name):
    """The unit's file and drop-ins, one behind the other; None: there is none."""
    if is_masked(name):
        return f"# Unit {name} is masked.\n"
    done = subprocess.run(["systemd-analyze", "cat-config", f"systemd/system/{name}"], capture_output=True, check=False)
    return done.stdout.decode() if done.returncode == 0 and done.stdout else None


def merged(name):
    """As one file, for those who read one."""
    path = STATE / name
    path.write_text(cat(name))
    return path


class Unit:
    def __init__(self, name, section):
        self.settings = {}
        for key, value in unit_file.read(merged(name), section):
            self.settings.setdefault(key, [])
            self.settings[key] = [*self.settings[key], value] if value else []

    def last(self, name, otherwise=None):
        return self.settings.get(name, [otherwise])[-1]


def open_socket():
    unit = Unit(SOCKET, "Socket")
    (where,) = unit.settings["ListenStream"]
    user, group = pwd.getpwnam(unit.last("SocketUser")).pw_uid, grp.getgrnam(unit.last("SocketGroup")).gr_gid
    if not where.startswith("/"):
        host, port = where.rsplit(":", 1)
        family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
        return socket.create_server((host.strip("[]"), int(port)), family=family)
    Path(where).parent.mkdir(mode=int(unit.last("DirectoryMode", "0755"), 8), parents=True, exist_ok=True)
    Path(where).unlink(missing_ok=True)
    one = socket.socket(socket.AF_UNIX)
    one.bind(where)
    os.chown(where, user, group)
    os.chmod(where, int(unit.last("SocketMode", "0666"), 8))
    one.listen(100)
    return one


def runtime_directory(unit):
    """All that is in it changes its owner where the folder has another one."""
    entry = pwd.getpwnam(unit.last("User"))
    path = Path("/run") / unit.last("RuntimeDirectory")
    path.mkdir(exist_ok=True)
    path.chmod(0o755)
    status = path.stat()
    if (status.st_uid, status.st_gid) != (entry.pw_uid, entry.pw_gid):
        for each in (path, *path.rglob("*")):
            shutil.chown(each, entry.pw_uid, entry.pw_gid)


def manage():
    """Runs until it is told to stop."""
    sockets = [open_socket()] if cat(SOCKET) and not is_masked(SOCKET) else []
    (STATE / "sockets").write_text(str(len(sockets)))
    unit = Unit(SERVICE, "Service")
    runtime_directory(unit)
    user, group = unit.last("User"), unit.last("Group")
    as_user = ["setpriv", "--reuid", user, "--regid", group, "--init-groups", "--"]
    if unit_file.confined():
        as_user = ["/usr/bin/python3", CONFINED, "--unit", STATE / SERVICE, "--user", user, "--"]
    command = [*as_user, *shlex.split(unit.last("ExecStart"))]
    with Notifications("@submilter-stand-in") as notifications, open(STATE / "log", "ab") as log:
        service = activated(command, sockets, SOCKET, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                            env={**os.environ, "NOTIFY_SOCKET": notifications.address})
        while service.poll() is None and not any("READY" in said for _, said in notifications.messages):
            notifications.read(0.05)
        (STATE / "service.pid").write_text(str(service.pid))
        told = STATE / "state.new"  # whole, before it is there for start()
        told.write_text("running" if service.poll() is None else "failed")
        told.rename(STATE / "state")
        signal.sigwait({signal.SIGTERM})
        service.terminate()
        service.wait()
    for one in sockets:
        if one.family == socket.AF_UNIX:
            os.unlink(one.getsockname())


def start():
    if (STATE / "manager.pid").exists():
        return 0
    (STATE / "state").unlink(missing_ok=True)
    manager = subprocess.Popen(["/usr/bin/python3", __file__, "manage"], start_new_session=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(STATE / "log", "ab"))
    (STATE / "manager.pid").write_text(str(manager.pid))
    wait_until(lambda: manager.poll() is not None or (STATE / "state").exists(), "the service to be ready or to end")
    if manager.poll() is None and (STATE / "state").read_text() == "running":
        return 0
    print(f"Job for {SERVICE} failed.", file=sys.stderr)
    stop()
    return 1


def stop():
    pid_file = STATE / "manager.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text())
        try:
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not Path(f"/proc/{pid}/exe").exists(), "the service to end")
        except ProcessLookupError:
            pass
        pid_file.unlink()
    return 0


def reload_service():
    if (STATE / "manager.pid").exists():
        os.kill(int((STATE / "service.pid").read_text()), signal.SIGUSR1)
    return 0


def is_active(names):
    """What runs may have been masked since."""
    running = (STATE / "manager.pid").exists() and (STATE / "state").read_text() == "running"
    active = {SERVICE: running, SOCKET: running and (STATE / "sockets").read_text() != "0"}
    for name in names:
        print("active" if active[name] else "inactive")
    return 0 if any(active[name] for name in names) else 3


def show(names):
    texts = [cat(name) for name in names]
    if None in texts:
        print("No files found for it.", file=sys.stderr)
        return 1
    print("\n".join(texts))
    return 0


def main(verb, *names):
    STATE.mkdir(mode=0o755, exist_ok=True)
    with open(STATE / "asked", "a", encoding="utf-8") as asked:
        print(verb, *names, file=asked)
    does = {"start": start, "stop": stop, "daemon-reload": lambda: 0, "try-reload-or-restart": reload_service,
            "cat": lambda: show(names), "is-active": lambda: is_active(names), "restart": lambda: stop() or start()}
    if verb in does:
        return does[verb]()
    if "--now" in names:
        start() if verb == "enable" else stop()
    own = subprocess.run(["/usr/bin/systemctl.real", "--root=/", verb, *[name for name in names if name != "--now"]], check=False)
    return own.returncode


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    if sys.argv[1] == "manage":
        manage()
    else:
        sys.exit(main(*sys.argv[1:]))
