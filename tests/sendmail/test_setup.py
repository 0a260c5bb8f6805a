"""submilterctl setup sendmail: on configurations as one meets them, with a real m4 and a real Sendmail."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from harness.build import TOP, program
from harness.sendmail_host import SendmailHost
from harness.waiting import wait_until

from sites import SITES, lay_out

CONF = "/usr/local/etc/submilter/submilter.conf"
RECORDS = "/usr/local/var/log/submilter/decisions.jsonl"
LINE = "`submilter', `S=unix:/run/submilter/submilter.sock, F=T"
PENDING = 2


@pytest.fixture
def host():
    if os.geteuid() != 0:
        pytest.exit("these tests start an MTA of their own, which only root can do", returncode=77)
    with SendmailHost() as running:
        yield running


def option(cf, name):
    found = re.findall(rf"^O {name}=(.*)$", cf, re.MULTILINE)
    return found[-1] if found else None


def said(done):
    return (done.stdout + done.stderr).decode(errors="replace")


def configured(host, *arguments):
    done = host.setup("--yes", *arguments)
    assert done.returncode == 0, said(done)
    return done


@pytest.mark.parametrize("site", SITES)
def test_proposes_does_and_takes_back(host, site):
    """What is proposed changes nothing; done, it is done; done again, nothing changes; undone, it never was."""
    lay_out(host, site)
    before = host.state("/etc/mail")
    proposed = host.setup("--domain", "example.com")
    assert proposed.returncode == PENDING, said(proposed)
    assert host.state("/etc/mail") == before and not host.path(CONF).exists()

    configured(host, "--domain", "example.com")
    after = host.state("/etc/mail")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"etc/mail/sendmail.mc", "etc/mail/sendmail.cf"} and after.keys() == before.keys()
    assert host.read("/etc/mail/sendmail.mc").count(LINE) == 1
    cf = host.read("/etc/mail/sendmail.cf")
    assert re.search(r"^Xsubmilter, S=unix:/run/submilter/submilter.sock, F=T", cf, re.MULTILINE)
    assert option(cf, "InputMailFilters").split(", ")[-1] == "submilter"
    assert host.run("/usr/sbin/sendmail", "-C/etc/mail/sendmail.cf", "-bt").returncode == 0
    assert host.run("submilter", "-n", "-c", CONF).returncode == 0

    again = host.setup("--yes", "--domain", "example.com")
    assert again.returncode == 0 and b"nothing to change" in again.stdout, said(again)
    assert host.setup("--domain", "example.com").returncode == 0
    assert host.state("/etc/mail") == after

    undone = host.setup("--undo")
    assert undone.returncode == 0, said(undone)
    assert host.state("/etc/mail") == before and not host.path(CONF).exists()


def test_other_filters_stay_in_front(host):
    lay_out(host, "opendkim")
    done = configured(host, "--domain", "example.com")
    assert option(host.read("/etc/mail/sendmail.cf"), "InputMailFilters") == "clamav, opendkim, submilter"
    assert "the filter opendkim (inet:8891@127.0.0.1) may sign" in said(done)
    assert "dkim: { mode = \"off\"; }" in host.read(CONF)


def test_filters_behind_the_mailers(host):
    """Where the line would otherwise stand in front of them, and sign what they change."""
    lay_out(host, "redhat")
    with open(host.path("/etc/mail/sendmail.mc"), "a", encoding="utf-8") as mc:
        mc.write("INPUT_MAIL_FILTER(`spamass', `S=local:/run/spamass.sock, F=T')dnl")  # no line end
    host.build()
    configured(host)
    assert option(host.read("/etc/mail/sendmail.cf"), "InputMailFilters") == "spamass, submilter"


def test_a_list_by_define_is_extended(host):
    """INPUT_MAIL_FILTER before that define would be forgotten by it."""
    lay_out(host, "per-daemon")
    configured(host, "--domain", "example.com")
    cf = host.read("/etc/mail/sendmail.cf")
    assert option(cf, "InputMailFilters") == "spam, virus, submilter"
    daemons = {re.search(r"Name=(\w+)", line)[1]: line for line in cf.splitlines() if "O DaemonPortOptions" in line}
    assert "InputMailFilters=virus;submilter" in daemons["MSA"]
    assert "InputMailFilters=submilter, M=sa" in daemons["SMTPS"]
    assert daemons["BACK"].endswith("InputMailFilters="), "what a filter hands back is not judged twice"


@pytest.mark.parametrize("site", ["debian", "redhat", "per-daemon"])
def test_the_doctor_agrees(host, site):
    """Of what setup is for, nothing is left to find."""
    lay_out(host, site)
    host.start_sendmail()
    configured(host, "--domain", "example.com")
    mine = {name for name in host.doctor() if name.startswith("sendmail.")}
    assert mine <= {"sendmail.no-tls"}, host.doctor()


@pytest.mark.parametrize("user", ["smmta:smmsp", "smmta"])
def test_sendmail_that_is_not_root(host, user):
    """The socket's folder and the socket are for its group."""
    lay_out(host, "redhat")
    host.write("/etc/mail/sendmail.mc", host.read("/etc/mail/sendmail.mc").replace(
        "MAILER(smtp)", f"define(`confRUN_AS_USER', `{user}')dnl\nMAILER(smtp)"))
    host.build()
    configured(host)
    host.run("submilter", "-c", CONF)
    wait_until(lambda: "sendmail.socket" not in host.doctor(), "the socket can be reached")


def test_takes_the_socket_that_is_written(host):
    """By the shipped file, which says all that setup would."""
    lay_out(host, "redhat")
    host.write("/usr/share/sendmail/cf/feature/submilter.m4", (TOP / "contrib/sendmail/submilter.m4").read_text())
    host.write("/etc/mail/sendmail.mc", host.read("/etc/mail/sendmail.mc").replace(
        "MAILER(smtp)", "define(`confSUBMILTER_SOCKET', `local:/run/other/sock')dnl\n"
        "FEATURE(`submilter')dnl\nMAILER(smtp)"))
    host.build()
    before = host.state("/etc/mail")
    configured(host)
    assert 'socket = "unix:/run/other/sock";' in host.read(CONF)
    assert host.state("/etc/mail") == before
    assert option(host.read("/etc/mail/sendmail.cf"), "DontExpandCnames") == "True"
    assert option(host.read("/etc/mail/sendmail.cf"), "MaxMimeHeaderLength") == "0"


def test_a_socket_of_systemds_has_to_be_named(host):
    lay_out(host, "redhat")
    host.write(CONF, 'domains = [ "example.com" ];\nsocket = "fd:3";\n')
    done = host.setup()
    assert done.returncode == 78 and "--socket" in said(done), said(done)
    done = host.setup("--socket", "unix:/run/submilter/submilter.sock", "--no-keys")
    assert done.returncode == PENDING and LINE in said(done), said(done)


def test_watches_first_with_a_configuration_of_the_admins(host):
    lay_out(host, "redhat")
    own = 'domains = [ "example.com" ];\nsocket = "unix:/run/submilter/submilter.sock";\nuser = "nobody";\n'
    host.write(CONF, own)
    done = host.setup("--yes", "--no-keys")
    assert done.returncode == 0 and "so that no mail is refused before" in said(done), said(done)
    drop_in = str(Path(CONF).parent / "conf.d/observe.conf")
    observe = host.read(drop_in)
    assert host.read(CONF) == own and 'address_form: { mode = "observe"; }' in observe
    done = host.setup("--enforce", "--yes", "--no-keys")
    assert done.returncode == 0 and not host.path(drop_in).exists(), said(done)
    assert host.setup("--no-keys").returncode == 0


def test_domains_and_listeners(host):
    lay_out(host, "masquerade")
    host.write("/etc/mail/local-host-names", "# ours\nexample.net\nlocalhost\nshort\n")
    done = configured(host)
    conf = host.read(CONF)
    domains = re.search(r"^domains = \[(.*)\]", conf, re.MULTILINE)[1]
    assert set(re.findall(r'"(.*?)"', domains)) == {
        "example.org", "mail.example.com", "example.net", "virtual.example", "intern.example.org", "shop.example"}
    assert "MASQUERADE_AS(example.org)" in said(done) and "genericstable" in said(done)
    assert "ports = [ 587 ]" in conf, "FEATURE(no_default_msa) is not there"


def test_ports_of_daemons(host):
    lay_out(host, "redhat")
    configured(host)
    assert "ports = [ 587, 465 ]" in host.read(CONF)


def test_clients_that_may_relay(host):
    lay_out(host, "freebsd")
    host.write("/etc/mail/access", "Connect:10.1\tRELAY\n172.16. RELAY\n127.0.0.1 RELAY\nFrom:a@b RELAY\nTo:203.0.113.1 RELAY\n")
    done = configured(host, "--domain", "example.com")
    listener = re.search(r'name = "relay"; clients = \[(.*?)\]', host.read(CONF))[1]
    assert set(re.findall(r'"(.*?)"', listener)) == {"192.0.2.0/24", "198.51.100.7/32", "10.1.0.0/16",
                                                     "172.16.0.0/16"}
    assert "listener \"relay\"" in said(done)


def test_local_mail_by_port_587_is_local(host):
    """FEATURE(`msp', ..., `MSA') hands in at 587, where others have to log in."""
    lay_out(host, "redhat")
    submit = host.read("/usr/share/sendmail/cf/debian/submit.mc").replace("`25')dnl", "`MSA')dnl")
    host.write("/etc/mail/submit.mc", submit)
    host.build("/etc/mail/submit.mc", "/etc/mail/submit.cf")
    assert "A=TCP $h 587" in host.read("/etc/mail/submit.cf")
    configured(host)
    names = re.findall(r'name = "(\w+)"', host.read(CONF))
    assert names.index("local") < names.index("submission")


def test_what_includes_it_already_stays(host):
    lay_out(host, "redhat")
    host.write("/usr/share/sendmail/cf/feature/submilter.m4", (TOP / "contrib/sendmail/submilter.m4").read_text())
    host.write("/etc/mail/sendmail.mc", host.read("/etc/mail/sendmail.mc").replace(
        "MAILER(smtp)", "FEATURE(`nocanonify')dnl\nFEATURE(`submilter')dnl\nMAILER(smtp)"))
    host.build()
    before = host.state("/etc/mail")
    configured(host)
    assert host.state("/etc/mail") == before


def test_a_line_that_fails_open_is_mended(host):
    lay_out(host, "redhat")
    host.write("/etc/mail/sendmail.mc", host.read("/etc/mail/sendmail.mc").replace(
        "MAILER(smtp)",
        "INPUT_MAIL_FILTER(`submilter',\n  `S=local:/run/submilter/submilter.sock')dnl mine\nMAILER(smtp)"))
    host.build()
    configured(host)
    text = host.read("/etc/mail/sendmail.mc")
    assert text.count("INPUT_MAIL_FILTER") == 1 and LINE in text and "')dnl mine\n" in text


def test_includes_what_lies_beside_the_mc(host):
    """By a relative path, and by no means from where the admin happens to be: m4 runs what it reads."""
    lay_out(host, "redhat")
    host.write("/etc/mail/sendmail.mc", host.read("/etc/mail/sendmail.mc").replace(
        "MAILER(smtp)", "include(`site.m4')dnl\nsinclude(`more.m4')dnl\nMAILER(smtp)"))
    host.write("/etc/mail/site.m4", "define(`confMAX_MESSAGE_SIZE', `1234567')dnl\n")
    for name in ("site.m4", "more.m4"):
        host.write(f"/etc/some/elsewhere/{name}", "syscmd(`touch /etc/some/elsewhere/ran')dnl\n")
    host.path("/etc/some/elsewhere/cf").symlink_to("/usr/share/sendmail/cf")
    host.shell("cd /etc/mail && m4 sendmail.mc >sendmail.cf")
    setup = f"submilterctl setup sendmail --daemon {program('milter/submilter')} --user nobody --no-keys"
    for options in ("", "--mc ../../mail/sendmail.mc", "--cf-dir cf"):
        done = host.shell(f"cd /etc/some/elsewhere && {setup} {options}", check=False)
        assert done.returncode == PENDING, said(done)
    done = host.shell(f"cd /etc/some/elsewhere && {setup} --yes", check=False)
    assert done.returncode == 0, said(done)
    made = host.read("/etc/mail/sendmail.cf")
    host.write("/etc/mail/sendmail.cf", "")
    [command] = re.findall("as this makes it: (.*)", said(done))
    host.shell(f"cd /etc/some/elsewhere && {command}")
    again = host.read("/etc/mail/sendmail.cf")
    assert option(made, "MaxMessageSize") == option(again, "MaxMessageSize") == "1234567"
    assert not host.path("/etc/some/elsewhere/ran").exists()


@pytest.mark.parametrize("add, complaint", [
    ("O MaxMessageSize=1\n", "is not what m4 makes of"),
    ("Xby-hand, S=local:/run/x\n", "is not what m4 makes of"),
])
def test_what_stands_in_the_cf_only_is_not_lost(host, add, complaint):
    lay_out(host, "redhat")
    host.write("/etc/mail/sendmail.cf", host.read("/etc/mail/sendmail.cf") + add)
    before = host.state("/etc/mail")
    done = host.setup("--yes")
    assert done.returncode == 78 and complaint in said(done), said(done)
    assert host.state("/etc/mail") == before and not host.path(CONF).exists()


@pytest.mark.parametrize("line, complaint", [
    ("FEATURE(`no_such_feature')", "no_such_feature"),
    ("INPUT_MAIL_FILTER(`broken', `S=foo:/run/x')", "unknown socket type foo"),
])
def test_what_sendmail_would_not_take_is_said_first(host, line, complaint):
    lay_out(host, "redhat")
    host.write("/etc/mail/sendmail.mc", host.read("/etc/mail/sendmail.mc").replace("MAILER(smtp)", line + "\nMAILER(smtp)"))
    host.shell("m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf 2>/dev/null || true")
    before = host.state("/etc/mail")
    done = host.setup("--yes")
    assert done.returncode == 78 and complaint in said(done), said(done)
    assert host.state("/etc/mail") == before


def test_what_would_undo_it_is_said(host):
    """A list that is set in an included file, behind our line."""
    lay_out(host, "redhat")
    host.write("/etc/mail/late.m4", "define(`confINPUT_MAIL_FILTERS', `')dnl\n")
    host.write("/etc/mail/sendmail.mc", host.read("/etc/mail/sendmail.mc").replace(
        "MAILER(local)", "include(`/etc/mail/late.m4')dnl\nMAILER(local)"))
    host.build()
    before = host.state("/etc/mail")
    done = host.setup("--yes")
    assert done.returncode == 78 and "does not ask the filter submilter" in said(done), said(done)
    assert host.state("/etc/mail") == before


def test_json(host):
    lay_out(host, "opendkim")
    plan = json.loads(host.setup("--domain", "example.com", "--json").stdout)
    assert (plan["mta"], plan["exit"], plan["pending"], plan["applied"]) == ("sendmail", PENDING, True, False)
    changes = {change.get("path"): change for change in plan["changes"]}
    assert "INPUT_MAIL_FILTER" in changes["/etc/mail/sendmail.mc"]["diff"]
    assert "Xsubmilter" in changes["/etc/mail/sendmail.cf"]["diff"]
    assert any("opendkim" in warning for warning in plan["warnings"])
    plan = json.loads(host.setup("--domain", "example.com", "--json", "--yes").stdout)
    assert (plan["exit"], plan["pending"], plan["applied"]) == (0, False, True)
    assert all(change["done"] for change in plan["changes"]) and plan["dns"] == []
    plan = json.loads(host.setup("--domain", "example.com", "--json", "--yes").stdout)
    assert (plan["exit"], plan["pending"], plan["changes"]) == (0, False, [])

def test_observes_first(host):
    lay_out(host, "debian")
    configured(host)
    observe = host.path("/usr/local/etc/submilter/conf.d/observe.conf")
    assert 'from: { mode = "observe"; }' in observe.read_text()
    configured(host, "--enforce")
    assert not observe.exists()


def test_a_running_sendmail(host):
    """submilter answers before Sendmail is told, Sendmail asks it from then on, and after --undo no more."""
    lay_out(host, "redhat")
    host.start_sendmail()
    before = host.sendmail_pid()
    session = ("EHLO x", "MAIL FROM:<>")
    assert host.smtp(*session) == ["250", "250"]
    configured(host)
    assert host.sendmail_pid() != before
    wait_until(host.answers, "Sendmail answers again")
    assert host.smtp(*session) == ["250", "250"]
    host.shell("pkill -KILL -x submilter")
    assert host.smtp(*session) == ["250", "451"], "F=T: mail waits while submilter is down"
    assert host.setup("--undo").returncode == 0
    wait_until(host.answers, "Sendmail answers again")
    assert host.smtp(*session) == ["250", "250"]


@pytest.mark.parametrize("daemon", ["/bin/false", "/bin/true"])
def test_sendmail_hears_of_no_submilter_that_is_not_there(host, daemon):
    """One fails its own check; the other says that all is well, and never listens."""
    lay_out(host, "redhat")
    host.start_sendmail()
    before, pid = host.state("/etc/mail"), host.sendmail_pid()
    done = host.setup("--yes", "--daemon", daemon)
    assert done.returncode == 73, said(done)
    assert host.state("/etc/mail") == before and host.sendmail_pid() == pid and not host.path(CONF).exists()
    assert host.smtp("EHLO x", "MAIL FROM:<>") == ["250", "250"]


def test_what_comes_next_is_for_the_same_files(host):
    lay_out(host, "debian")
    host.shell("mkdir '/etc/mail/o n' && cp -a /etc/mail/sendmail.mc '/etc/mail/o n/a.mc' && m4 '/etc/mail/o n/a.mc' >/etc/mail/b.cf")
    given = ("--mc", "/etc/mail/o n/a.mc", "--cf", "/etc/mail/b.cf", "--state", "/root/st", "--no-keys")
    host.shell("mkdir -m 0700 -p /root/st")
    steps = json.loads(host.setup("--yes", "--json", *given).stdout)["next"]
    [command] = [line.split("refused: ")[1] for line in steps if "--enforce" in line]
    assert shlex.split(command) == ["submilterctl", "setup", "sendmail", "--daemon", str(program("milter/submilter")),
                                    "--user", "nobody", *given, "--enforce", "--yes"]
    before = host.state("/etc/mail")
    host.shell(command)
    assert host.state("/etc/mail") == before
    assert not host.path("/usr/local/etc/submilter/conf.d/observe.conf").exists()


@pytest.mark.parametrize("name, value, expected", [("--records", "r.jsonl", "expected an absolute path"),
                                                     ("--socket", "fd:4", "expected where"), ("--cf", "", "expected a path")])
def test_names_the_option_whose_value_is_bad(host, name, value, expected):
    lay_out(host, "debian")
    done = host.setup("--yes", name, value)
    assert done.returncode == 78 and f"{name} {shlex.quote(value)}: {expected}" in said(done), said(done)


def test_says_where_to_look_without_a_file_of_records(host):
    lay_out(host, "debian")
    assert "See what it would refuse, and why: submilterctl log --would --follow\n" in said(host.setup("--records", ""))
