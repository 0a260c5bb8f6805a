"""`submilterctl setup sendmail` where systemd's units run the daemon; tests/postfix/test_setup_units.py says how."""

import os

import pytest

from harness.unit_host import BOTH, DROP_INS, SendmailUnitHost

from sites import lay_out

SOCKET = "/run/submilter/submilter.sock"


@pytest.fixture
def host():
    if os.geteuid() != 0:
        pytest.exit("these tests need namespaces of their own, which only root can make", returncode=77)
    with SendmailUnitHost() as made:
        made.sysusers()
        made.tmpfiles()
        lay_out(made, "redhat")
        made.start_sendmail()
        yield made


def test_set_up_running_and_taken_back(host):
    """The socket is not where the unit has it, and there is no group postfix that it could belong to."""
    before = host.state("/etc")
    host.set_up("--yes", "--domain", "example.com")
    assert "daemon-reload" in host.asked()
    assert f"ListenStream=\nListenStream={SOCKET}\nSocketUser=submilter\nSocketGroup=submilter\n" in host.read(DROP_INS[0])
    assert host.owner("/run/submilter") == ("submilter:submilter", "755")
    host.assert_runs(SOCKET)
    host.shell(f"systemctl restart {BOTH}")
    host.assert_runs(SOCKET)
    host.set_up("--undo")
    assert "daemon-reload" in host.asked()
    host.shell(f"systemctl disable --now {BOTH}")
    assert host.state("/etc") == before
