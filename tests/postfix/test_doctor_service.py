"""What the doctor finds of systemd's units: provoked, mended by the very command that it prints, and gone."""

import os

import pytest

from harness.unit_host import BOTH, DROP_INS, PostfixUnitHost
from harness.waiting import wait_until

SERVICE, SOCKET = "/etc/systemd/system/submilter.service.d", "/etc/systemd/system/submilter.socket.d"
ANEW = f"systemctl daemon-reload; systemctl stop {BOTH}; systemctl start {BOTH}"
OURS = "/usr/local/etc/submilter"
CONF = f"{OURS}/submilter.conf"
ADDRESS = "inet:8894@192.0.2.25"


@pytest.fixture(scope="module")
def set_up():
    if os.geteuid() != 0:
        pytest.exit("these tests need namespaces of their own, which only root can make", returncode=77)
    with PostfixUnitHost() as made:
        made.sysusers()
        made.tmpfiles()
        made.start_postfix()
        made.set_up("--yes")
        made.shell(f"mkdir {made.folder}/saved; cp -a /etc {made.folder}/saved; "
                   f"cp -a {OURS} {made.folder}/saved/submilter; ip address add 192.0.2.25/32 dev lo")
        yield made


@pytest.fixture
def host(set_up):
    """Set up, its service running and nothing to find; as it was, afterwards."""
    found = looks(set_up)
    assert not found, found
    yield set_up
    saved = f"{set_up.folder}/saved"
    set_up.shell(f"systemctl stop {BOTH}; rm -rf /etc/systemd/system {OURS}; cp -a {saved}/submilter {OURS}; "
                 f"cd {saved}/etc; cp -a passwd group shadow gshadow /etc; cp -a systemd/system /etc/systemd; "
                 f"systemctl start {BOTH}")


def looks(host):
    return {**host.look("service"), **host.look("socket")}


def drop_in(folder, *lines, then=""):
    text = "\\n".join(lines)
    return f"mkdir -p {folder}; printf '{text}\\n' >{folder}/override.conf; {then}"


def listening_at(socket):
    """submilter.conf says so, and nothing else does."""
    return f"sed -i 's|^socket = .*|socket = \"{socket}\";|' {CONF}; "


KEYS = f"{OURS}/keys"
BREAKS = {
    "service.not-enabled": f"systemctl disable {BOTH}",
    "service.socket-address": drop_in(SOCKET, "[Socket]", "ListenStream=", "ListenStream=/run/other", then=ANEW),
    "service.socket-owner": drop_in(SOCKET, "[Socket]", "SocketUser=root", then=ANEW),
    "service.socket-owner-open": drop_in(SOCKET, "[Socket]", "SocketMode=0666", then=ANEW),
    "service.socket-owner-group": drop_in(SOCKET, "[Socket]", "SocketGroup=nosuch", then=ANEW),
    "service.user": f"systemctl stop {BOTH}; userdel submilter; groupdel -f submilter; true",
    "service.user-other": drop_in(SERVICE, "[Service]", "User=nobody", "Group=nogroup"),
    "service.keys": f"chgrp root {KEYS}",
    "service.keys-one": f"chmod 600 {KEYS}/example.com/s*e.pem",
    "service.read-only": f"rm {DROP_INS[1]}",
    "service.network": listening_at(ADDRESS) + f"sed -i '/^socket_group/d' {CONF}; "
                       + drop_in(SOCKET, "[Socket]", "ListenStream=", "ListenStream=192.0.2.25:8894", "IPAddressDeny=any",
                                 "IPAddressAllow=localhost"),
}
BESIDES = {
    "service.socket-address": {"socket.not-running"},
    "service.socket-owner": {"socket.owner", "socket.not-running"},
    "service.socket-owner-open": {"socket.open"},
    "service.socket-owner-group": {"socket.not-running"},
    "service.user": {"socket.not-running", "config.broken"},
    "service.user-other": {"service.socket-owner", "service.keys"},
    "service.network": {"socket.elsewhere"},
}


@pytest.mark.parametrize("name", BREAKS)
def test_found_and_mended_by_its_command(host, name):
    kind = next(each for each in KINDS if name.startswith(each))
    host.shell(BREAKS[name], check=False)
    found = looks(host)
    assert kind in found, found
    assert set(found) <= {kind, *BESIDES.get(name, ())}, found
    assert found[kind]["mend_is_command"]
    host.shell(found[kind]["mend"])
    wait_until(lambda: kind not in looks(host), "it to be gone", patience=10, explain=lambda: str(looks(host)))
    left = set(looks(host)) - BESIDES.get(name, set())
    assert not left, left


KINDS = sorted(["service.not-enabled", "service.socket-address", "service.socket-owner", "service.user", "service.keys",
                "service.read-only", "service.network"])


def test_every_kind_is_provoked(host):
    listed = host.run("submilterctl", "doctor", "--list").stdout.decode().split()
    assert sorted(each for each in listed if each.startswith("service.")) == KINDS


def test_counters_whose_own_folder_is_opened(host):
    """Unlike files they need nothing of what is above."""
    host.shell(f"sed -i 's|^counters: .*|counters: {{ file = \"/srv/counted\"; }};|' {CONF}; "
               + drop_in(SERVICE, "[Service]", "ReadWritePaths=/srv/elsewhere"))
    assert set(looks(host)) == {"service.read-only"}
    host.shell("install -d -o submilter /srv/counted; " + drop_in(SERVICE, "[Service]", "ReadWritePaths=/srv/counted"))
    assert not looks(host)
    host.set_up("--yes")
    assert "ReadWritePaths=-/srv\n" not in host.read(DROP_INS[1])


def test_a_socket_whose_file_is_gone(host):
    """The service's restart would not bring it back."""
    host.shell("rm /var/spool/postfix/submilter/submilter.sock")
    found = looks(host)
    assert set(found) == {"socket.not-running"}
    host.shell(found["socket.not-running"]["mend"])
    assert not looks(host)


def test_units_of_another_configuration_are_not_looked_at(host):
    host.shell(BREAKS["service.read-only"] + "; cp -a /usr/local/etc/submilter /etc/other")
    done = host.run("submilterctl", "-c", "/etc/other/submilter.conf", "doctor", "--only", "service", check=False)
    assert b"service." not in done.stdout
    host.shell("rm -r /etc/other")
