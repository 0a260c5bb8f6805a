"""What the doctor's mends leave alone, and what others may not make of them: those whose folders and files it looks at."""

import os
import pwd
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from doctor_daemon_steps import nobodys_child, one_message  # noqa: E402
from doctor_site import DoctorSite  # noqa: E402
from doctor_steps import GUARDED, RSPAMD_SIGNS, configured, milters  # noqa: E402
from harness.build import program  # noqa: E402
from harness.process import run  # noqa: E402
from harness.submilter import USER  # noqa: E402
from harness.waiting import wait_until  # noqa: E402


@pytest.fixture(scope="module")
def healthy():
    with DoctorSite() as running:
        yield running


@pytest.fixture
def site(healthy):
    """The healthy site, to be broken; it is put back afterwards."""
    healthy.save()
    yield healthy
    healthy.heal()


def as_the_daemon(*command):
    run("setpriv", f"--reuid={USER}", f"--regid={pwd.getpwnam(USER).pw_gid}", "--clear-groups", *command)


def next_second():
    begun = int(time.time())
    wait_until(lambda: int(time.time()) > begun, "the next second")


def test_only_logins_are_checked_anew(site):
    """Machines of mynetworks, which cannot log in, send on as they did."""
    site.postconf("-e", "smtpd_sender_restrictions = permit_mynetworks, reject_unlisted_sender, "
                  "permit_sasl_authenticated, reject_sender_login_mismatch, reject")
    (found,) = site.findings("postfix.restriction-order")
    site.follow(found["mend"])
    said = run(site.programs / "postconf", "-c", site.postfix.config, "-h", "smtpd_sender_restrictions").stdout
    assert said.decode().strip() == ("permit_mynetworks,reject_unlisted_sender,reject_sender_login_mismatch,"
                                     "permit_sasl_authenticated,reject")
    assert not site.findings("postfix.restriction-order")


def test_controls_are_not_printed(site):
    """main.cf is the admin's, and what a daemon's log or a client says comes through as well."""
    site.postconf("-e", "smtpd_sender_login_maps = hash:/none/\x1b[31m\x07")
    done = site.inside(program("ctl/submilterctl"), "-c", site.submilter.config, "doctor", "--only", "restrictions",
                       "--postfix-config", site.postfix.config)
    assert b"sender-maps-differ" in done.stdout and b"\\x1b[31m\\x07" in done.stdout, done
    assert not set(done.stdout) & (set(range(32)) - {9, 10})


def test_records_that_are_a_pipe(site):
    """Who may write the records may put a pipe there: root does not wait at it."""
    path = site.submilter.records.path
    as_the_daemon("mv", path, f"{path}.0")
    try:
        as_the_daemon("mkfifo", path)
        status, findings = site.doctor("--only", "config")
        assert status == 0, findings
    finally:
        path.unlink()
        path.with_name(f"{path.name}.0").rename(path)
        site.submilter.reload()


def test_a_file_of_conf_d_edited_in_place_is_not_stale(site):
    """Its folder is as it was; the last decision is older than the change."""
    folder = site.submilter.config.parent / "conf.d"
    folder.mkdir()
    try:
        file = folder / "more.conf"
        file.write_text("timeout = 100;\n")
        site.submilter.reload()
        next_second()
        one_message(site)
        next_second()
        with file.open("r+") as out:
            out.write("timeout = 200;\n")
        site.submilter.reload()
        status, findings = site.doctor("--only", "config")
        assert status == 0, findings
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def test_every_rule_that_is_only_observed_is_named(site):
    observed = ["tls", "recipients", "address_form", "date", "dkim", "trust_headers"]
    configured(policies={"submission": {name: {"mode": "observe"} for name in observed}})(site)
    (found,) = site.findings("config.observed")
    # A date is put right, and never a reason to refuse; without the last two nothing is signed, and forged fields stay.
    assert set(found["what"].rpartition(": ")[2].split(", ")) == set(observed) - {"date"}, found


SECRET = "root's own"


@pytest.fixture
def secret(site):
    """A file of root's that nobody else may read."""
    path = site.folder / "secret"
    path.write_text(SECRET)
    path.chmod(0o600)
    yield path
    path.unlink()


def unchanged(path):
    status = path.stat()
    return (status.st_uid, status.st_gid, status.st_mode & 0o7777, path.read_text()) == (0, 0, 0o600, SECRET)


SWAPPED = {
    "host.log-swapped": lambda site: site.submilter.records.path,
    "socket.swapped": lambda site: site.submilter.address,
}


@pytest.mark.parametrize("kind", SWAPPED)
def test_a_link_to_a_file_of_roots(site, secret, kind):
    """The daemon's user made it: no command of the doctor's gives the file, or leave to read it, away."""
    nobodys_child(site)
    path = SWAPPED[kind](site)
    aside = path.with_name(f"{path.name}.aside")
    as_the_daemon("mv", path, aside)
    try:
        as_the_daemon("ln", "-s", secret, path)
        status, findings = site.doctor("--only", kind.partition(".")[0])
        assert status == 1 and kind in {each["id"] for each in findings}, findings
        for each in findings:
            if each["mend_is_command"]:
                site.inside("sh", "-c", each["mend"])
        assert unchanged(secret), findings
        (found,) = [each for each in findings if each["id"] == kind]
        assert str(path) in found["what"] and str(path) in found["mend"]
    finally:
        path.unlink()
        aside.rename(path)
        site.end_other_daemons()


def test_a_name_more_of_a_file_of_roots(site, secret):
    """A hard link has an owner and a mode in common with the file."""
    path = site.submilter.records.path
    path.rename(f"{path}.aside")
    try:
        os.link(secret, path)
        (found,) = site.findings("host.log-swapped")
        assert not found["mend_is_command"]
        assert not site.findings("host.log")
    finally:
        path.unlink()
        path.with_name(f"{path.name}.aside").rename(path)


def broken_log(site):
    path = site.submilter.records.path
    os.chown(path, 0, 0)
    path.chmod(0o600)
    return path


def broken_socket(site):
    site.submilter.address.chmod(0o600)
    return site.submilter.address


def open_socket(site):
    site.submilter.address.chmod(0o666)
    return site.submilter.address


def socket_of_another(site):
    os.chown(site.submilter.address, 0, -1)
    return site.submilter.address


def large_log(site):
    os.truncate(site.submilter.records.path, 2 << 30)
    return site.submilter.records.path


@pytest.mark.parametrize("kind, provoke", [
    ("host.log", broken_log), ("host.log-large", large_log), ("socket.permission", broken_socket),
    ("socket.open", open_socket), ("socket.owner", socket_of_another),
])
def test_a_link_put_there_before_the_command_runs(site, secret, kind, provoke):
    nobodys_child(site)
    path = provoke(site)
    (found,) = {each["mend"] for each in site.findings(kind)}
    as_the_daemon("mv", path, f"{path}.aside")
    as_the_daemon("ln", "-s", secret, path)
    try:
        site.inside("sh", "-c", found)
        assert unchanged(secret), found
    finally:
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()
        site.end_other_daemons()


def test_large_records_are_rotated_by_logrotate_where_it_does(site):
    path = site.submilter.records.path
    rule = site.private_etc() / "logrotate.d" / "submilter"
    rule.write_text(f"{path} {{\n  rotate 3\n  nocreate\n  su {USER} {run('id', '-gn', USER).stdout.decode().strip()}\n}}\n")
    site.mounts = [["mount", "-t", "tmpfs", "tmpfs", "/var/lib/logrotate"]]
    first, second = path.with_name(f"{path.name}.1"), path.with_name(f"{path.name}.2")
    try:
        as_the_daemon("sh", "-c", f"echo older >{first}")
        os.truncate(path, 2 << 30)
        (found,) = site.findings("host.log-large")
        site.follow(found["mend"])
        assert first.stat().st_size == 2 << 30 and second.read_text() == "older\n"
    finally:
        for each in (first, second):
            each.unlink(missing_ok=True)


def test_large_records_go_where_nothing_is(site):
    path = site.submilter.records.path
    first, second = path.with_name(f"{path.name}.1"), path.with_name(f"{path.name}.2")
    try:
        as_the_daemon("sh", "-c", f"echo older >{first}")
        os.truncate(path, 2 << 30)
        (found,) = site.findings("host.log-large")
        site.follow(found["mend"])
        assert first.read_text() == "older\n" and second.stat().st_size == 2 << 30
        one_message(site)
    finally:
        for each in (first, second):
            each.unlink(missing_ok=True)


@pytest.mark.parametrize("folder, said", [
    ("local.d", 'selector = "s1"; # ours'), ("override.d", 'selector = "s1";\npath = "/keys";'),
    ("local.d", 'enabled = true;\nselector = "s1";\n'), ("override.d", 'selector = "s1";\n  enabled: yes;'),
])
def test_other_settings_of_rspamds_stay(site, folder, said):
    file = site.private_etc() / "rspamd" / folder / "dkim_signing.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(said)
    milters(f"{GUARDED}, {{ inet:127.0.0.1:11332, default_action=accept }}")(site)
    module = site.private_etc() / "rspamd" / "modules.d" / "dkim_signing.conf"
    module.parent.mkdir(exist_ok=True)
    module.write_text(RSPAMD_SIGNS)
    (found,) = site.findings("signers.rspamd")
    site.follow(found["mend"])
    assert not site.findings("signers.rspamd")
    lines = [line.strip() for line in file.read_text().splitlines() if line.strip()]
    assert [line for line in lines if line.startswith("enabled")] == ["enabled = false;"]
    assert [line for line in lines if not line.startswith("enabled")] == [
        line for line in said.splitlines() if "enabled" not in line]


def test_opendkims_last_line_stays(site):
    """It may lack its line end."""
    file = site.private_etc() / "opendkim.conf"
    file.write_text("Socket inet:8891@127.0.0.1\nMODE sv\nKeyTable /etc/dkim.table")
    milters(f"{GUARDED}, {{ inet:127.0.0.1:8891, default_action=accept }}")(site)
    (found,) = site.findings("signers.opendkim")
    site.follow(found["mend"])
    assert [line for line in file.read_text().splitlines() if line] == [
        "Socket inet:8891@127.0.0.1", "KeyTable /etc/dkim.table", "Mode v"]
