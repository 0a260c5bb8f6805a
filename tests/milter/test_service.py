"""What systemd and logrotate load: looked at by their own tools, and tried on a running daemon."""

import gzip
import os
import re
import shutil
import threading

import pytest

from daemon import PROGRAM, USER
from harness import unit_file
from harness.build import TOP
from harness.process import run
from harness.waiting import PATIENCE, wait_until

MOST_EXPOSED = 1.5
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="owners are root's to give")


@pytest.fixture
def units(tmp_path):
    """Both units as they are installed, but for the program, which is this build's."""
    service = unit_file.service().read_text("utf-8")
    service, count = re.subn(r"=\S*/sbin/submilter ", f"={PROGRAM} ", service)
    assert count == 2
    (tmp_path / "submilter.service").write_text(service, "utf-8")
    shutil.copy(unit_file.socket_unit(), tmp_path / "submilter.socket")
    return tmp_path


def test_the_units_are_valid(units):
    done = run("systemd-analyze", "verify", "--man=no", units / "submilter.service", units / "submilter.socket")
    said = [line for line in (done.stdout + done.stderr).decode().splitlines() if "submilter" in line]
    assert not said, said


def test_the_exposure(units):
    done = run("systemd-analyze", "security", "--offline=true", units / "submilter.service")
    figure = re.search(r"Overall exposure level for submilter.service: (\d+\.\d+)", done.stdout.decode())
    assert figure and float(figure[1]) <= MOST_EXPOSED, done.stdout.decode()


def test_the_units_fit_the_rest():
    """The manual pages that they name are there, and the socket is the one of the shipped configuration."""
    for path, section in ((unit_file.service(), "Unit"), (unit_file.socket_unit(), "Unit")):
        for value in unit_file.values(path, section, "Documentation"):
            for page in value.split():
                name, number = re.fullmatch(r"man:(\S+)\((\d)\)", page).groups()
                assert (TOP / "doc" / f"{name}.{number}").exists()
    listens = unit_file.values(unit_file.socket_unit(), "Socket", "ListenStream")
    assert f'socket = "unix:{listens[0]}";' in (TOP / "conf/submilter.conf").read_text("utf-8")
    assert len(listens) == 1


def test_what_systemd_makes_and_removes():
    """/run/submilter may hold the socket that stays while the service is down. The history's folder is as the log's,
    for group adm to read, which a StateDirectory= would not be; root's backups beside it are never the daemon's."""
    service = unit_file.service()
    assert unit_file.values(service, "Service", "RuntimeDirectory") == ["submilter"]
    assert unit_file.values(service, "Service", "RuntimeDirectoryPreserve") == ["yes"]
    assert not unit_file.values(service, "Service", "StateDirectory")
    tmpfiles = service.with_name("submilter.tmpfiles").read_text("utf-8").splitlines()
    assert "d /run/submilter 0755 submilter submilter -" in tmpfiles
    assert [line for line in tmpfiles if "/var/lib" in line] == ["d /var/lib/submilter 2750 submilter adm -"]


def test_a_failing_reload_fails(units, tmp_path):
    """ExecReload= as it stands: the check first, so that the admin sees what is wrong."""
    commands = unit_file.values(units / "submilter.service", "Service", "ExecReload")
    config = tmp_path / "submilter.conf"
    config.write_text("nonsense = ;\n")
    check = [config if word.endswith("submilter.conf") else word for word in commands[0].split()]
    assert run(*check, check=False).returncode == 78
    assert commands[1] == "/bin/kill -USR1 $MAINPID"


@pytest.fixture
def root(tmp_path):
    """A host's root folder with what systemd's tools look up."""
    folder = tmp_path / "root"
    for name in ("etc", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d"):
        (folder / name).mkdir(parents=True)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\nadm:x:4:\n")
    contrib = TOP / "contrib/systemd"
    shutil.copy(contrib / "submilter.sysusers", folder / "usr/lib/sysusers.d/submilter.conf")
    shutil.copy(unit_file.service().with_name("submilter.tmpfiles"), folder / "usr/lib/tmpfiles.d/submilter.conf")
    shutil.copy(contrib / "submilter-postfix.tmpfiles", folder / "usr/lib/tmpfiles.d/submilter-postfix.conf")
    return folder


def account(root, name):
    users = [line.split(":") for line in (root / "etc/passwd").read_text().splitlines()]
    return next(user for user in users if user[0] == name)


@AS_ROOT
def test_the_user(root):
    run("systemd-sysusers", f"--root={root}", "submilter.conf")
    _, _, number, group, _, home, shell = account(root, "submilter")
    assert 0 < int(number) < 1000 and home == "/nonexistent" and shell == "/usr/sbin/nologin"
    assert f"submilter:x:{group}:" in (root / "etc/group").read_text()
    before = (root / "etc/passwd").read_text()
    run("systemd-sysusers", f"--root={root}", "submilter.conf")
    assert (root / "etc/passwd").read_text() == before


@AS_ROOT
@pytest.mark.parametrize("postfix", [True, False])
def test_the_folders(root, postfix):
    """Where Postfix is not, nothing is made for it."""
    run("systemd-sysusers", f"--root={root}", "submilter.conf")
    if postfix:
        with open(root / "etc/group", "a", encoding="ascii") as groups:
            groups.write("postfix:x:123:\n")
        (root / "var/spool/postfix").mkdir(parents=True)
    run("systemd-tmpfiles", f"--root={root}", "--create", "submilter.conf")
    done = run("systemd-tmpfiles", f"--root={root}", "--create", "submilter-postfix.conf", check=False)
    assert postfix == (done.returncode == 0)
    user = int(account(root, "submilter")[2])
    group = int(account(root, "submilter")[3])
    keys = next(path for path in root.rglob("keys") if path.parent.name == "submilter").relative_to(root)
    wanted = {keys: (0o0750, 0, group), "var/log/submilter": (0o2750, user, 4),
              "var/lib/submilter": (0o2750, user, 4), "run/submilter": (0o755, user, group)}
    if postfix:
        wanted["var/spool/postfix/submilter"] = (0o2750, user, 123)
    for path, (mode, owner, owners) in wanted.items():
        status = (root / path).stat()
        assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, owner, owners), path
    assert postfix or not (root / "var/spool").exists()


def rotation(daemon):
    """The shipped configuration, its paths and owners those of this daemon."""
    text = (TOP / "contrib/logrotate/submilter").read_text("utf-8")
    text, paths = re.subn("/var/log/submilter/decisions.jsonl", str(daemon.records_file), text)
    status = os.stat(daemon.records_file.parent)
    text, owners = re.subn("su submilter adm", f"su {USER} #{status.st_gid}", text)
    assert paths == owners == 1
    path = daemon.folder / "logrotate.conf"
    path.write_text(text.replace("#", ""), "utf-8")
    path.chmod(0o644)
    return path


@AS_ROOT
def test_rotation_by_logrotate(start_daemon):
    """While messages pass; every record is in one file or another, once."""
    gate = start_daemon()
    daemon = gate.daemon
    enough = threading.Event()
    sent = []

    def send():
        player = gate.player()
        while not enough.is_set():
            outcome = player.message()
            assert outcome.accepted
            sent.append(1)
        player.session.close()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for number in range(1, 4):
            wait_until(daemon.records_file.exists, "the records file")
            wait_until(lambda: daemon.records_file.exists() and daemon.records_file.stat().st_size, "records")
            run("logrotate", "--force", "--state", daemon.folder / "log" / "logrotate.state", rotation(daemon))
            wait_until(lambda n=number: len(list(daemon.records_file.parent.glob("decisions.jsonl.*"))) == n,
                       "a rotated file")
    finally:
        enough.set()
        sender.join(PATIENCE)
    assert daemon.stop() == 0
    files = list(daemon.records_file.parent.glob("decisions.jsonl*"))
    texts = [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files]
    ids = re.findall(rb'"id":"(\w+)"', b"".join(texts))
    assert len(ids) == len(set(ids)) == len(sent), (len(ids), len(sent), files)
    assert any(path.suffix == ".gz" for path in files)

