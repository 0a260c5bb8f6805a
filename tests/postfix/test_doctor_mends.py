"""What the doctor's mends leave alone, and what others may not make of them: those whose folders and files it looks at."""

import os
import pwd
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from doctor_daemon_steps import one_message  # noqa: E402
from doctor_site import DoctorSite  # noqa: E402
from doctor_steps import configured  # noqa: E402
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
    observed = ["tls", "recipients", "address_form", "date"]
    configured(policies={"submission": {name: {"mode": "observe"} for name in observed}})(site)
    (found,) = site.findings("config.observed")
    # A date is put right, and never a reason to refuse.
    assert set(found["what"].rpartition(": ")[2].split(", ")) == {"tls", "recipients", "address_form"}, found
