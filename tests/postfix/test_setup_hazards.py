"""Configurations by which `submilterctl setup postfix` could break mail, enforce unasked, or let mail pass."""

import json
import re
import socket
from pathlib import Path

import pytest

from harness.build import program
from harness.host import snapshot
from harness.process import run
from setup_cases import CASES, OURS

# What setup watches leaves the states that an admin gave a login in force.
HELD = [f"{policy}.login_state" for policy in ("inbound", "local", "submission")]
LOOPBACK = "\n127.0.0.1:2525 inet n - y - - smtpd\n  -o syslog_name=webapp\n"


@pytest.fixture
def host():
    with CASES["debian-submission"][0]() as made:
        yield made


def append(host, name, text):
    with open(host.postfix / name, "a", encoding="utf-8") as out:
        out.write(text)


def set_main(host, **settings):
    append(host, "main.cf", "".join(f"{key} = {value}\n" for key, value in settings.items()))


def observe_of(host):
    return host.config.parent / "conf.d/observe.conf"


def test_a_last_line_without_an_end(host):
    append(host, "main.cf", "relayhost = [smart.example.net]")
    append(host, "master.cf", "588 inet n - y - - smtpd\n  -o smtpd_milters=inet:localhost:1")
    host.plan("--yes", check=(0,))
    assert host.postconf("-h", "relayhost").strip() == "[smart.example.net]"
    assert host.milters() == {"non_smtpd": OURS, "smtp/inet": OURS, "submission/inet": OURS, "submissions/inet": OURS,
                              "588/inet": f"inet:localhost:1,{OURS}"}
    assert not host.plan(check=(0,))["changes"]


def test_a_missing_end_of_line_is_no_change(host):
    host.plan("--yes", check=(0,))
    for name in ("main.cf", "master.cf"):
        path = host.postfix / name
        path.write_text(path.read_text().rstrip("\n"))
    assert not host.plan(check=(0,))["changes"]


IN_ITS_PLACE = """
mount --bind /usr/sbin/postconf {tools}/real && mount --bind {tools}/postconf /usr/sbin/postconf && exec "$@"
"""


def with_postconf(host, script):
    """The plan with another postconf(1), in a mount namespace; it has the real one as "$real"."""
    tools = host.folder / "tools"
    tools.mkdir()
    (tools / "real").touch()
    (tools / "postconf").write_text(f"#!/bin/sh\nreal={tools}/real\n{script}\n")
    (tools / "postconf").chmod(0o755)
    host.settle()
    done = run("unshare", "-m", "sh", "-c", IN_ITS_PLACE.format(tools=tools), "sh", *host.command("--json", "--yes"),
               check=False)
    return json.loads(done.stdout)


def test_refuses_what_would_change_something_else(host):
    before = snapshot(host.etc)
    plan = with_postconf(host, '"$real" "$@" || exit\ncase "$3" in -e) sed -i "/^myhostname/d" "$2/main.cf";; esac')
    assert plan["exit"] == 78 and "would change myhostname too" in plan["error"]
    assert snapshot(host.etc) == before


def test_refuses_what_would_change_a_services_options(host):
    append(host, "master.cf", "588 inet n - y - - smtpd\n  -o smtpd_milters=inet:localhost:1\n  -o smtpd_tls_wrappermode=yes\n")
    plan = with_postconf(host, '"$real" "$@" || exit\ncase "$3" in -P) test -n "$4" && '
                               'sed -i "/588/,\\$s/wrappermode=yes/wrappermode=no/" "$2/master.cf";; esac; exit 0')
    assert plan["exit"] == 78 and "would change smtpd_tls_wrappermode too" in plan["error"]


def test_refuses_what_would_not_be_asked(host):
    plan = with_postconf(host, 'case "$3$4" in "-enon_smtpd"*) exit 0;; esac\nexec "$real" "$@"')
    assert plan["exit"] == 78 and "non_smtpd_milters would not ask submilter" in plan["error"]


def test_observes_before_it_has_rules(host):
    """However a plan is cut off, submilter.conf is never there without observe.conf."""
    rows = [row["path"] for row in host.plan(check=(2,))["changes"]]
    assert rows.index(str(observe_of(host))) < rows.index(str(host.config))


@pytest.mark.parametrize("reference", [False, True])
def test_goes_on_after_a_cut_before_submilter_conf(host, reference):
    host.plan("--yes", check=(0,))
    whole = host.conf()
    host.config.unlink()
    if reference:
        shipped = Path(__file__).resolve().parents[2] / "conf/submilter.conf"
        host.config.write_bytes(shipped.read_bytes())
    host.plan("--yes", check=(0,))
    assert host.conf() == whole and observe_of(host).exists()


def test_watches_first_with_a_configuration_of_the_admins(host):
    host.plan("--yes", check=(0,))
    edited = host.conf() + "# mine\n"
    host.plan("--undo", check=(0,))
    host.config.parent.mkdir(exist_ok=True)
    host.config.write_text(edited)
    plan = host.plan("--yes", check=(0,))
    assert host.conf() == edited
    assert any("so that no mail is refused before anybody has looked" in line for line in plan["warnings"])
    assert enforced(host) == HELD
    host.plan("--enforce", "--yes", check=(0,))
    assert "submission.from" in enforced(host)
    assert not host.plan("--yes", check=(0,))["changes"]  # it is asked already: what holds, holds
    append(host, "master.cf", "588 inet n - y - - smtpd\n  -o smtpd_milters=inet:localhost:1\n")
    plan = host.plan("--yes", check=(0,))
    assert not observe_of(host).exists()
    assert any("they refuse mail at once where" in line for line in plan["warnings"])


def test_says_that_a_domain_does_not_reach_a_configuration_that_is_there(host):
    host.plan("--yes", check=(0,))
    before = host.conf()
    known = re.search(r'domains = \[ "([^"]+)"', before).group(1)
    plan = host.plan("--domain", known.upper(), "--domain", "new.example", "--yes", check=(0,))
    said = [line for line in plan["warnings"] if line.startswith("--domain")]
    assert len(said) == 1 and said[0].startswith("--domain new.example: ") and "stays as it is" in said[0], plan
    assert host.conf() == before


def test_says_what_an_incomplete_observe_conf_lets_hold(host):
    host.plan("--yes", check=(0,))
    edited, observe = host.conf() + "# mine\n", observe_of(host).read_text()
    host.plan("--undo", check=(0,))
    observe_of(host).parent.mkdir(parents=True, exist_ok=True)
    host.config.write_text(edited)
    observe_of(host).write_text(observe.replace('    tls: { mode = "observe"; };\n', "", 1))
    plan = host.plan("--yes", check=(0,))
    assert any("what it leaves out refuses mail from the start" in line for line in plan["warnings"])
    assert enforced(host) == [*HELD, "submission.tls"]


def test_wants_a_word_where_a_group_is_enforced(host):
    host.config.parent.mkdir()
    host.config.write_text(
        'domains = [ "example.com" ];\nuser = "nobody";\n'
        f'socket = "unix:{host.queue}/submilter/submilter.sock";\ndkim: {{ keys = "{host.folder}/keys"; }};\n'
        'groups: ( { name = "staff"; logins = [ "alice@example.com" ]; '
        'rules: { from: { mode = "enforce"; }; }; } );\n')
    assert 'the group "staff"' in host.plan("--yes", check=(78,))["error"]
    host.plan("--yes", "--enforce", check=(0,))


def enforced(host):
    """Rules that may refuse mail and are enforced, as policy.rule."""
    stack, rules = [], {}
    for line in run(program("ctl/submilterctl"), "-c", host.config, "conf").stdout.decode().splitlines():
        opened, value = re.match(r"\s*(?:(\w+): )?[{(]\s*$", line), re.match(r'\s*(mode|action) = "(\S+)";', line)
        if opened:
            stack.append(opened[1])
        elif re.match(r"\s*[})]", line) and stack:
            stack.pop()
        elif value and stack[0] == "policies":
            rules.setdefault(".".join(stack[1:3]), {})[value[1]] = value[2]
    assert rules
    return sorted(name for name, rule in rules.items()
                  if rule["mode"] not in ("observe", "off") and not name.endswith(".dkim")
                  and (rule["action"] != "fix" or name.endswith(".address_form")))


def test_a_way_in_of_this_host_is_no_filters_return(host):
    set_main(host, smtpd_sasl_auth_enable="yes")
    append(host, "master.cf", LOOPBACK)
    plan = host.plan("--yes", check=(0,))
    assert host.milters()["127.0.0.1:2525/inet"] == OURS
    assert any("127.0.0.1:2525 (inet) listens for this host only" in line for line in plan["warnings"])
    assert not any("takes mail back" in line for line in plan["notes"])


@pytest.mark.parametrize("options, main", [
    ("-o content_filter=", {"content_filter": "smtp:[127.0.0.1]:10025"}),
    ("-o content_filter=", {"content_filter": "smtp:[127.0.0.1]:10025", "smtpd_milters": "inet:localhost:1"}),
    ("-o mynetworks=127.0.0.0/8 -o receive_override_options=no_address_mappings,no_milters", {}),
    ("-o mynetworks=127.0.0.0/8 -o content_filter=", {}),
])
def test_a_filters_return_meets_no_milter_twice(host, options, main):
    set_main(host, **main)
    append(host, "master.cf", "\n127.0.0.1:2525 inet n - y - - smtpd\n  " + options.replace(" -o", "\n  -o") + "\n")
    host.plan("--yes", check=(0,))
    if "no_milters" not in options:
        assert host.milters()["127.0.0.1:2525/inet"] == main.get("smtpd_milters", "")
    assert "127.0.0.1:2525" not in str(doctor(host))


def test_hooked_by_hand_in_one_list_only(host):
    hand = "{ unix:submilter/submilter.sock, default_action=tempfail }"
    set_main(host, smtpd_milters=hand)
    host.plan("--yes", check=(0,))
    assert host.milters() == {name: OURS for name in ("non_smtpd", "smtp/inet", "submission/inet", "submissions/inet")}
    assert host.postconf("-h", "smtpd_milters").strip() == hand
    assert not host.plan(check=(0,))["changes"]


def test_keeps_the_admins_own_attributes(host):
    own = "{ unix:submilter/submilter.sock, connect_timeout=10s, default_action=tempfail }"
    set_main(host, submilter=own, smtpd_milters="$submilter")
    host.plan("--yes", check=(0,))
    assert host.postconf("-h", "submilter").strip() == own
    assert host.milters()["non_smtpd"] == own


def test_a_socket_that_is_handed_over_has_to_be_named(host):
    host.config.parent.mkdir()
    host.config.write_text(f'domains = [ "example.com" ];\nsocket = "fd:3";\nuser = "nobody";\n'
                           f'dkim: {{ keys = "{host.folder}/keys"; }};\n')
    before = snapshot(host.etc)
    plan = host.plan("--yes", check=(78,))
    assert "fd:3" in plan["error"] and "--socket" in plan["error"] and snapshot(host.etc) == before
    assert "fd:4" in host.plan("--socket", "fd:4", check=(78,))["error"]
    host.plan("--yes", "--socket", f"unix:{host.queue}/submilter/submilter.sock", check=(0,))
    assert host.milters()["submission/inet"] == OURS


MAPS = ["mysql:/etc/postfix/x.cf", "proxy:ldap:/etc/x.cf", "unionmap:{{texthash:{0}/senders,inline:{{a@b.example=alice}}}}",
        "pipemap:{{texthash:{0}/senders,texthash:{0}/senders}}", "regexp:/etc/postfix/r", "static:bob",
        "tcp:localhost:99", "hash:/nonexistent"]


@pytest.mark.parametrize("maps", MAPS)
def test_does_not_enforce_without_knowing_who_owns_what(host, maps):
    maps = maps.format(host.folder)
    set_main(host, smtpd_sender_login_maps=maps)
    before = snapshot(host.etc)
    plan = host.plan("--enforce", "--yes", check=(78,))
    assert "cannot read" in plan["error"] and "postmap -s" in plan["error"] and snapshot(host.etc) == before
    host.plan("--yes", check=(0,))
    assert "cannot read" in host.plan("--enforce", "--yes", check=(78,))["error"] and observe_of(host).exists()
    table = f'tables = [ "texthash:{host.folder}/senders" ];'
    host.config.write_text(re.sub("# Without a table.*", table, host.conf()))
    host.plan("--enforce", "--yes", check=(0,))
    assert not observe_of(host).exists()


IN_A_SUBNET = 'ip link set lo up && ip addr add 192.0.2.1/24 dev lo && exec "$@"'


@pytest.mark.parametrize("level, local", [("1", False), ("3.6", True)])
def test_the_whole_subnet_is_not_this_host(host, level, local):
    """Without mynetworks Postfix takes the subnet, or from compatibility_level 2 on its own addresses."""
    main = host.postfix / "main.cf"
    text, count = re.subn(r"(?m)^compatibility_level = .*$", f"compatibility_level = {level}", main.read_text())
    main.write_text(re.sub(r"(?m)^mynetworks = .*\n", "", text))
    assert count == 1
    host.settle()
    run("unshare", "-n", "sh", "-c", IN_A_SUBNET, "sh", *host.command("--yes"))
    conf = host.conf()
    assert ('clients = [ "192.0.2.0/24" ]; login = false; policy = "relay"' in conf) != local
    assert ('"::1/128", "192.0.2.1/32" ]; policy = "local"' in conf) == local


def test_says_that_services_differ_in_who_may_send(host):
    append(host, "master.cf", "\n2587 inet n - y - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n"
                              "  -o smtpd_sender_login_maps=inline:{a@b.example=alice}\n")
    plan = host.plan("--yes", check=(0,))
    assert sum("2587 (inet) has another smtpd_sender_login_maps" in line for line in plan["warnings"]) == 1


def test_a_configuration_that_is_written_needs_no_advice(host):
    set_main(host, smtpd_sender_login_maps="mysql:/etc/x.cf", virtual_mailbox_domains="mysql:/etc/y.cf",
             mynetworks="127.0.0.0/8 hash:/etc/more")
    assert len(host.plan("--yes", check=(0,))["warnings"]) == 3
    again = host.plan(check=(0,))
    assert not again["warnings"] and not again["changes"]


def test_a_list_of_a_service_with_braces_in_braces(host):
    theirs = "{ inet:localhost:8891, { default_action = accept } }"
    master = host.postfix / "master.cf"
    text, count = re.subn(r"(?m)^(submission inet .*\n)", f"\\1  -o {{ smtpd_milters = {theirs} }}\n", master.read_text())
    master.write_text(text)
    assert count == 1
    host.plan("--yes", check=(0,))
    assert host.milters()["submission/inet"] == f"{theirs}, {OURS}"
    assert not host.plan(check=(0,))["changes"]
    host.plan("--undo", check=(0,))
    assert master.read_text() == text


def test_a_table_that_the_daemon_could_not_read(host):
    (host.folder / "senders").chmod(0o600)
    before = snapshot(host.etc)
    plan = host.plan("--yes", check=(78,))
    assert "the user nobody, who the daemon is, cannot read texthash:" in plan["error"]
    assert snapshot(host.etc) == before


def test_a_socket_that_only_listens_is_no_daemon(host):
    """As systemd's does for a service that failed."""
    (host.queue / "submilter").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(host.queue / "submilter/submilter.sock"))
        listening.listen(1)
        plan = host.plan(check=(2,))
        assert any("Start submilter before the MTA" in line for line in plan["next"])


def doctor(host):
    """What it finds of coverage and of mail let through when submilter does not answer, as id and where."""
    found = []
    for theme in ("coverage", "failopen"):
        done = run(program("ctl/submilterctl"), "-c", host.config, "doctor", "--json", "--mta", "postfix",
                   "--postfix-config", host.postfix, "--only", theme, check=False)
        assert done.returncode in (0, 1, 69), done
        found += [(each["id"], each["where"]) for each in json.loads(done.stdout)["findings"]
                  if each["severity"] == "problem"]
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_doctor_agrees_with_what_was_set_up(name):
    make, expected = CASES[name]
    with make() as made:
        made.plan("--yes", *expected.arguments, check=(0,))
        made.settle()
        assert doctor(made) == expected.doctor
