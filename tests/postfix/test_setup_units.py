"""`submilterctl setup` where systemd's units run the daemon: installed, set up, running, taken back.

systemctl is a stand-in (tests/harness/systemctl_stand_in.py); all else is real, the units' confinement too.
"""

import json
import os

import pytest

from harness.unit_host import BOTH, DROP_INS, PostfixUnitHost

SOCKET_DROP_IN, SERVICE_DROP_IN = DROP_INS
SERVICE, SOCKET = BOTH.split()
STARTED = [f"start {BOTH}", f"enable {BOTH}"]
ANEW = ["daemon-reload", f"stop {BOTH}", *STARTED]
RECORDS = "/usr/local/var/log/submilter/decisions.jsonl"  # where this build's setup has them, and not the unit
UNIX = "/var/spool/postfix/submilter/submilter.sock"
OTHER = UNIX.replace("submilter.sock", "other.sock")
FAILS_ONCE = """\
#!/bin/sh
case "$*" in *reload) mv $0.whole $0; exit 1;; esac
exec $0.whole "$@"
"""
SEND = """\
import smtplib
with smtplib.SMTP("127.0.0.1", 25) as client:
    assert not client.sendmail("alice@example.com", ["root@localhost"], "From: alice@example.com\\r\\nSubject: x\\r\\n\\r\\nx\\r\\n")
"""


@pytest.fixture
def bare():
    """Installed, and nothing more."""
    if os.geteuid() != 0:
        pytest.exit("these tests need namespaces of their own, which only root can make", returncode=77)
    with PostfixUnitHost() as made:
        yield made


@pytest.fixture
def host(bare):
    bare.sysusers()
    bare.tmpfiles()
    bare.start_postfix()
    return bare


def submits(host):
    """A message from this host; the record that it left."""
    before = len(records(host))
    host.run("python3", "-c", SEND)
    (record,) = records(host)[before:]
    return record


def records(host):
    path = host.path(RECORDS)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_as_the_readme_has_it(host):
    before = host.state("/etc")
    proposed = host.set_up(check=2)
    assert host.state("/etc") == before and not host.asked()
    assert SERVICE_DROP_IN in [row["path"] for row in proposed["changes"]]
    done = host.set_up("--yes")
    assert host.asked() == ANEW
    assert not host.path(SOCKET_DROP_IN).exists(), "the socket is where the unit has it"
    for folder in ("log", "lib"):
        assert f"ReadWritePaths=-/usr/local/var/{folder}/submilter\n" in host.read(SERVICE_DROP_IN)
    assert "User=" not in host.read(SERVICE_DROP_IN)
    host.assert_runs(UNIX)
    record = submits(host)
    assert record["listener"] == "local" and len(record["signatures"]) == 2, record
    keys = os.path.dirname(host.config) + "/keys"
    assert host.owner(keys) == ("root:submilter", "750")
    assert host.owner(f"{keys}/example.com") == ("root:submilter", "750")
    pems = host.shell(f"ls {keys}/example.com/*.pem").stdout.decode().split()
    assert len(pems) == 2 and {host.owner(pem) for pem in pems} == {("root:submilter", "640")}
    assert host.owner(RECORDS)[0] == "submilter:adm"
    assert host.owner("/var/spool/postfix/submilter") == ("submilter:postfix", "2750")
    assert done["applied"]


def test_undone_byte_for_byte(host):
    before = host.state("/etc"), host.state("/usr/local/etc")
    host.set_up("--yes", "--no-keys")
    host.asked()
    undone = host.set_up("--undo")
    assert host.asked() == ["daemon-reload"]
    assert not any(host.path(path).parent.exists() for path in DROP_INS)
    command = "systemctl disable --now submilter.socket submilter.service"
    assert any(command in line for line in undone["next"]), undone["next"]
    host.shell(command)
    assert (host.state("/etc"), host.state("/usr/local/etc")) == before


@pytest.mark.parametrize("socket, listen", [
    ("inet:8894@127.0.0.1", "127.0.0.1:8894"),
    ("inet6:8894@::1", "[::1]:8894"),
    ("unix:/run/submilter/s.sock", "/run/submilter/s.sock"),
])
def test_another_socket(host, socket, listen):
    host.shell("postconf -F '*/*/chroot=n' && postfix reload")
    host.set_up("--yes", "--socket", socket)
    assert host.asked() == ANEW
    assert f"ListenStream=\nListenStream={listen}\n" in host.read(SOCKET_DROP_IN)
    host.assert_runs(listen)
    assert submits(host)["signatures"]


def test_an_address_that_others_reach(host):
    """Nobody but this host may connect until its admin says more."""
    host.shell("ip address add 192.0.2.25/32 dev lo")
    host.set_up("--yes", "--socket", "inet:8894@192.0.2.25")
    text = host.read(SOCKET_DROP_IN)
    assert "ListenStream=192.0.2.25:8894\n" in text
    assert "IPAddressDeny=any\nIPAddressAllow=localhost 192.0.2.25\n" in text
    host.assert_runs("192.0.2.25:8894")


def test_another_queue_folder_user_and_file_of_records(host):
    host.shell("postfix stop; mkdir /var/queue; useradd --system --user-group guard; "
               f"chown root:guard {os.path.dirname(host.config)}/keys")
    host.postconf("queue_directory=/var/queue")
    host.start_postfix()
    plan = host.set_up("--yes", "--user", "guard", "--records", "/var/lib/records/x.jsonl",
                       "--history", "/var/lib/submilter/x.db")
    assert "SocketUser=guard\nSocketGroup=postfix\n" in host.read(SOCKET_DROP_IN)
    assert "User=guard\nGroup=guard\nReadWritePaths=-/var/lib/records\n" in host.read(SERVICE_DROP_IN)
    assert host.owner("/var/queue/submilter/submilter.sock") == ("guard:postfix", "660")
    assert not host.set_up("--yes")["changes"]
    # That folder is another user's: a daemon that cannot make its counters there does not start.
    assert [said for said in plan["warnings"] if "/var/lib/submilter does not belong to guard" in said]
    host.shell("install -d -o guard /srv/counted && "
               f"echo 'counters: {{ file = \"/srv/counted/limits\"; }};' >>{host.config}")
    host.set_up("--yes")
    assert "ReadWritePaths=-/var/lib/records\nReadWritePaths=-/srv/counted\n" in host.read(SERVICE_DROP_IN)
    assert not host.set_up("--yes")["changes"]


@pytest.mark.parametrize("options, edit", [
    (("--records", "/srv/a b/x.jsonl"), ""),
    (("--history", "/srv/a b/x.db"), ""),
    ((), 's|^counters: {|&\\n  file = "/srv/a b/limits";|'),
], ids=["records", "history", "counters"])
def test_a_name_that_no_unit_can_have(host, options, edit):
    host.shell(f"install -d -o submilter '/srv/a b' && sed -i '{edit}' {host.config}")
    before = host.state("/etc")
    plan = host.set_up("--yes", *options, check=78)
    assert '"/srv/a b/' in plan["error"] and "cannot be named in a unit" in plan["error"], plan["error"]
    assert host.state("/etc") == before


def test_without_the_readmes_two_lines(bare):
    """Neither systemd-sysusers nor systemd-tmpfiles was run: setup does what they would have done."""
    bare.start_postfix()
    plan = bare.set_up("--yes")
    assert ["systemd-sysusers", "submilter.conf"] in [row.get("command") for row in plan["changes"]]
    bare.assert_runs(UNIX)
    keys = os.path.dirname(bare.config) + "/keys"
    assert bare.owner(keys) == ("root:submilter", "750")
    places = ("/usr/local/etc/submilter", keys, "/var/spool/postfix/submilter")
    before = [bare.owner(path) for path in places]
    bare.tmpfiles()
    bare.run("systemd-tmpfiles", "--create", "submilter-postfix.conf")
    assert [bare.owner(path) for path in places] == before


def test_a_socket_in_the_services_own_folder(bare):
    """systemd gives all that is in RuntimeDirectory= to the service's group, unless the folder has it already."""
    bare.sysusers()
    bare.shell("postconf -F '*/*/chroot=n'")
    bare.start_postfix()
    bare.set_up("--yes", "--socket", "unix:/run/submilter/s.sock")
    assert bare.owner("/run/submilter") == ("submilter:submilter", "755")
    bare.assert_runs("/run/submilter/s.sock")


def test_as_the_readme_has_it_without_systemd(bare):
    bare.shell("rm -r /run/systemd; mv /usr/bin/systemd-sysusers /usr/bin/away")
    bare.start_postfix()
    plan = bare.set_up("--yes")
    assert any(row.get("command", [""])[0] == "useradd" for row in plan["changes"]) and not bare.asked()
    assert len(submits(bare)["signatures"]) == 2
    assert bare.owner(os.path.dirname(bare.config) + "/keys/example.com") == ("root:submilter", "750")
    assert not bare.set_up("--yes")["changes"]
    bare.run("pkill", "-USR2", "-x", "submilter")
    assert len(submits(bare)["signatures"]) == 2
    bare.set_up("--undo")


def test_a_daemon_without_systemd_works_with_the_same(host):
    """Keys and folders fit both: root starts it, and it becomes its user."""
    host.set_up("--yes")
    host.shell(f"systemctl disable --now {BOTH} && rm -r /run/systemd")
    host.run(f"{host.sbin}/submilter", "-c", host.config)
    assert host.owner(UNIX) == ("submilter:postfix", "660")
    assert len(submits(host)["signatures"]) == 2
    host.run("pkill", "-USR1", "-x", "submilter")
    assert len(submits(host)["signatures"]) == 2


def test_new_keys_can_be_read_by_the_unit(host):
    host.set_up("--yes")
    host.run("submilterctl", "-c", host.config, "key", "new", "example.com", "--selector", "new")
    keys = os.path.dirname(host.config) + "/keys/example.com"
    assert host.owner(f"{keys}/new.pem") == ("root:submilter", "640")
    host.shell(f"rm {keys}/s2*.pem && systemctl restart {BOTH}")
    assert {each["s"] for each in submits(host)["signatures"]} == {"new", "newe"}


def test_a_drop_in_of_the_admins_that_says_something_else(host):
    host.write("/etc/systemd/system/submilter.socket.d/override.conf", "[Socket]\nListenStream=\nListenStream=/run/x\n")
    plan = host.set_up("--yes", check=78)
    assert "submilter.socket" in plan["error"] and "drop-in of yours" in plan["error"]
    host.write("/etc/systemd/system/submilter.socket.d/override.conf", f"[Socket]\nListenStream=\nListenStream={UNIX}\n")
    host.set_up("--yes")
    host.assert_runs(UNIX)


def test_a_masked_socket(host):
    """The daemon opens its own; its group comes by the folder, as only root could give it away."""
    host.shell("systemctl mask submilter.socket")
    host.asked()
    host.set_up("--yes")
    assert host.asked() == ["daemon-reload", "stop submilter.service", "start submilter.service", "enable submilter.service"]
    host.assert_runs(UNIX)


def test_what_the_daemons_user_cannot_read_is_found_first(host):
    """root's own check would not notice."""
    host.write("/etc/postfix/senders", "alice@example.com alice\n")
    host.shell("chmod 600 /etc/postfix/senders && postconf -e smtpd_sender_login_maps=texthash:/etc/postfix/senders")
    before = host.state("/etc")
    plan = host.set_up("--yes", check=78)
    assert "cannot read texthash:/etc/postfix/senders" in plan["error"] and "chgrp submilter" in plan["error"], plan["error"]
    assert host.state("/etc") == before and not any("start" in line for line in host.asked())


def test_a_service_that_does_not_start(host):
    """Nothing asks it, nothing is enabled or goes on, and systemd reads the units as they were."""
    before = host.state("/etc")
    host.write("/etc/systemd/system/submilter.service.d/override.conf", f"[Service]\nExecStart=\nExecStart=/bin/false -c {host.config}\n")
    broken = host.state("/etc")
    plan = host.set_up("--yes", check=73)
    assert "Everything was put back" in plan["error"]
    assert host.state("/etc") == broken != before
    assert host.asked() == [*ANEW[:3], "daemon-reload", "stop submilter.service submilter.socket"]


def move_socket(host):
    host.write(host.config, host.read(host.config).replace(UNIX, OTHER))


def enabled(host):
    return [name for name in BOTH.split() if host.shell(f"systemctl is-enabled {name}", check=False).returncode == 0]


def enable_only(host, units):
    """Also= has the service's own take the socket along."""
    host.shell(f"systemctl disable {BOTH}")
    for name in units:
        host.shell(f"systemctl enable {name}")
    if SOCKET not in units:
        host.shell(f"systemctl disable {SOCKET}")
    assert enabled(host) == units
    host.asked()


@pytest.mark.parametrize("units, enabling, disabling", [
    (BOTH.split(), [], []),
    ([SOCKET], [f"enable {SERVICE}"], [f"disable {SERVICE}", f"enable {SOCKET}"]),
    ([], [f"enable {BOTH}"], [f"disable {BOTH}"]),
])
def test_a_rollback_starts_what_ran_before(host, units, enabling, disabling):
    """Postfix goes on asking it; and at boot it is as it was."""
    host.set_up("--yes")
    enable_only(host, units)
    move_socket(host)
    before = host.state("/etc/postfix"), host.state("/etc/systemd")
    host.shell("mv /usr/sbin/postfix /usr/sbin/postfix.whole")
    host.write("/usr/sbin/postfix", FAILS_ONCE)
    host.path("/usr/sbin/postfix").chmod(0o755)
    plan = host.set_up("--yes", check=73)
    assert "Everything was put back as it was" in plan["error"] and "but:" not in plan["error"]
    restarted = [f"stop {BOTH}", f"start {BOTH}"]
    assert host.asked() == ["daemon-reload", *restarted, *enabling, "daemon-reload", *disabling, *restarted]
    assert enabled(host) == units and (host.state("/etc/postfix"), host.state("/etc/systemd")) == before
    assert submits(host)["signatures"]


def test_a_masked_socket_and_another_one_for_the_service_that_runs(host):
    """systemctl start would leave it as it is."""
    host.shell("systemctl mask submilter.socket")
    host.set_up("--yes")
    move_socket(host)
    host.asked()
    host.set_up("--yes")
    assert host.asked() == ["stop submilter.service", "start submilter.service"]
    host.assert_runs(OTHER)
    assert submits(host)["signatures"]


@pytest.mark.parametrize("units, enabling", [
    ([], f"enable {BOTH}"), ([SOCKET], f"enable {SERVICE}"), ([SERVICE], f"enable {SOCKET}")])
def test_what_runs_is_enabled_at_boot_too(host, units, enabling):
    host.set_up("--yes")
    enable_only(host, units)
    host.set_up("--yes")
    assert host.asked() == [enabling] and enabled(host) == BOTH.split()
    assert not host.set_up("--yes")["changes"]


def test_units_are_not_started_beside_a_daemon_of_that_configuration(host):
    host.set_up("--yes")
    host.shell(f"systemctl disable --now {BOTH}")
    host.run(f"{host.sbin}/submilter", "-c", host.config)
    host.asked()
    move_socket(host)
    plan = host.set_up("--yes", check=78)
    assert "runs already, as process" in plan["error"] and not host.asked()
    assert submits(host)["signatures"]
