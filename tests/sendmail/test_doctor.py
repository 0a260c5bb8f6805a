"""submilterctl doctor on a host with Sendmail: each finding provoked, and gone when what it prints was run."""

import os
import re

import pytest

from harness.sendmail_host import SendmailHost
from harness.waiting import wait_until

from sites import lay_out

MC = "/etc/mail/sendmail.mc"
CF = "/etc/mail/sendmail.cf"
SUBMIT_MC = "/etc/mail/submit.mc"
KEY = "/etc/mail/tls/server.key"
OWN = """\
define(`confSERVER_CERT', `/etc/mail/tls/server.pem')dnl
define(`confSERVER_KEY', `/etc/mail/tls/server.key')dnl
define(`confCACERT', `/etc/mail/tls/server.pem')dnl
define(`confCACERT_PATH', `/etc/mail/tls')dnl
"""


@pytest.fixture
def host():
    """With Sendmail and submilter running, as setup leaves them: nothing to find."""
    if os.geteuid() != 0:
        pytest.exit("these tests start an MTA of their own, which only root can do", returncode=77)
    with SendmailHost() as running:
        lay_out(running, "redhat")
        running.shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "
                      f"/CN=mail.example.com -keyout {KEY} -out /etc/mail/tls/server.pem && chmod 600 {KEY}")
        running.write(MC, running.read(MC).replace("FEATURE(redirect)dnl\n", OWN + "FEATURE(redirect)dnl\n"))
        running.build()
        running.start_sendmail()
        done = running.setup("--yes", "--enforce", "--domain", "example.com")
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        assert not findings(running)
        yield running


def findings(host):
    return {name: found for name, found in host.doctor().items() if name.startswith("sendmail.")}


def edit(host, old, new, file=MC):
    text = host.read(file)
    assert old in text
    host.write(file, text.replace(old, new))


def rebuilt(host):
    """The .cf made anew, and Sendmail runs with it, as far as the doctor sees."""
    host.build()
    host.shell(f"touch -r /run/sendmail/mta/sendmail.pid {CF}")


def edit_and_build(old, new):
    def change(host):
        edit(host, old, new)
        rebuilt(host)
    return change


def without_line(start):
    def change(host):
        lines = host.read(MC).splitlines(keepends=True)
        assert any(line.startswith(start) for line in lines)
        host.write(MC, "".join(line for line in lines if not line.startswith(start)))
        rebuilt(host)
    return change


def shell(line):
    return lambda host: host.shell(line)


def no_submit_cf(host):
    host.shell(f"cp /usr/share/sendmail/cf/debian/submit.mc {SUBMIT_MC} && rm /etc/mail/submit.cf")


BEFORE_MAILERS = "MAILER(smtp)dnl"
BY_COMMAND = {
    "sendmail.fails-open": edit_and_build("F=T,", "F=,"),
    "sendmail.time-outs": edit_and_build(", T=C:30s;S:30s;R:60s;E:5m", ""),
    "sendmail.not-asked": without_line("INPUT_MAIL_FILTER"),
    "sendmail.daemon-left-out": edit_and_build("Name=MSA, M=Ea", "Name=MSA, InputMailFilters=, M=Ea"),
    "sendmail.not-built": lambda host: edit(host, BEFORE_MAILERS, "define(`confMAX_HOP', `30')dnl\nMAILER(smtp)dnl"),
    "sendmail.not-restarted": shell("touch -d '1 hour ago' /run/sendmail/mta/sendmail.pid"),
    "sendmail.local-mail": no_submit_cf,
    "sendmail.headers-limit": edit_and_build(BEFORE_MAILERS, "define(`confMAX_HEADERS_LENGTH', `8192')dnl\nMAILER(smtp)dnl"),
    "sendmail.socket": shell("pkill -KILL -x submilter"),
    "sendmail.socket-unsafe": shell("chmod g+w /run/submilter"),
    "sendmail.no-tls": edit_and_build("Name=MSA, M=Ea", "Name=MSA, M=EaS"),
    "sendmail.key-unsafe": shell(f"chmod 644 {KEY}"),
    "sendmail.no-login": edit_and_build("Name=MSA, M=Ea", "Name=MSA, M=EA"),
    "sendmail.login-before-tls": edit_and_build("`A p'", "`A'"),
    "sendmail.host-names": without_line("define(`confDONT_EXPAND_CNAMES'"),
    "sendmail.mime-headers": without_line("define(`confMAX_MIME_HEADER_LENGTH'"),
    "sendmail.full-name": without_line("define(`confFROM_HEADER'"),
    "sendmail.no-recipient": edit_and_build(
        BEFORE_MAILERS, "define(`confNO_RCPT_ACTION', `add-to-undisclosed')dnl\nMAILER(smtp)dnl"),
    "sendmail.eight-bit": without_line("MODIFY_MAILER_FLAGS"),
    "sendmail.line-length": without_line("define(`SMTP_MAILER_LL'"),
}
OTHER_SIGNER = "INPUT_MAIL_FILTER(`opendkim', `S=inet:8891@localhost')dnl\n"
ADDED = {  # what the sentence has an admin take out of the .mc, or add to it
    "sendmail.masquerade": "MASQUERADE_AS(`example.com')dnl\n",
    "sendmail.genericstable": "FEATURE(`genericstable', `hash /etc/mail/generics')dnl\n",
    "sendmail.mailer-flags": "MODIFY_MAILER_FLAGS(`ESMTP', `+9')dnl\n",
    "sendmail.other-signer": OTHER_SIGNER,
    "sendmail.filter-behind": "INPUT_MAIL_FILTER(`virus', `S=local:/run/virus, F=T')dnl\n",
}


def with_certificate(host):
    edit(host, "FEATURE(redirect)dnl\n", "define(`confSERVER_CERT', `/etc/mail/tls/server.pem')dnl\nFEATURE(redirect)dnl\n")
    rebuilt(host)


def submilter_last(host):
    lines = host.read(MC).splitlines(keepends=True)
    ours = next(line for line in lines if line.startswith("INPUT_MAIL_FILTER(`submilter"))
    lines.remove(ours)
    lines.insert(next(i for i, line in enumerate(lines) if "`virus'" in line) + 1, ours)
    host.write(MC, "".join(lines))
    rebuilt(host)


OWN_PIECE = "/usr/local/etc/submilter/conf.d/zz-own.conf"


def own_fields(host):
    """Sendmail's own Message-Id and Date come behind the signature."""
    host.write(OWN_PIECE, 'policies: { submission: { message_id: { mode = "off"; }; };'
                         ' local: { date: { mode = "observe"; }; }; };\n')


def simple_header(host):
    host.write(OWN_PIECE, 'dkim: { canonicalization = "simple/relaxed"; };\n')


MTA_HOST = ("D{MTAHost}[127.0.0.1]", "D{MTAHost}[192.0.2.1]")
BY_HAND = {
    "sendmail.no-tls": (without_line("define(`confSERVER_CERT'"), with_certificate),
    **{name: (edit_and_build(BEFORE_MAILERS, line + BEFORE_MAILERS), edit_and_build(line, ""))
       for name, line in ADDED.items()},
    "sendmail.filter-behind": (
        edit_and_build(BEFORE_MAILERS, ADDED["sendmail.filter-behind"] + BEFORE_MAILERS), submilter_last),
    "sendmail.own-fields": (own_fields, shell(f"rm {OWN_PIECE}")),
    "sendmail.simple-header": (simple_header, shell(f"rm {OWN_PIECE}")),
    "sendmail.key-unsafe": (shell(f"mv {KEY} {KEY}.old"), shell(f"mv {KEY}.old {KEY}")),
    "sendmail.local-mail-elsewhere": (lambda host: edit(host, *MTA_HOST, "/etc/mail/submit.cf"),
                                      lambda host: edit(host, *reversed(MTA_HOST), "/etc/mail/submit.cf")),
}


@pytest.mark.parametrize("name", BY_COMMAND)
def test_found_and_mended_by_its_command(host, name):
    BY_COMMAND[name](host)
    found = findings(host)
    assert list(found) == [name], found
    for finding in found[name]:
        assert finding["mend_is_command"], finding
    done = host.shell(found[name][0]["mend"])
    wait_until(lambda: not findings(host), f"{found[name][0]['mend']} to mend it", patience=20,
               explain=lambda: f"{done.stdout} {done.stderr} {findings(host)}")


def test_mends_of_one_call_leave_the_lines_behind_it(host):
    """Each finding's command is pasted, and the first has moved the lines."""
    ours = next(line for line in host.read(MC).splitlines() if line.startswith("INPUT_MAIL_FILTER(`submilter"))
    edit_and_build(ours, "INPUT_MAIL_FILTER(`submilter',\n  `S=unix:/run/submilter/submilter.sock, T=S:10s;R:10s')dnl\n"
                   "define(`confMAX_HOP', `30')dnl")(host)
    without_line("define(`confMAX_MIME_HEADER_LENGTH'")(host)
    without_line("define(`confFROM_HEADER'")(host)
    before = host.read(MC).splitlines()
    found = findings(host)
    assert set(found) == {"sendmail.fails-open", "sendmail.time-outs", "sendmail.mime-headers", "sendmail.full-name"}
    for name in found:
        host.shell(found[name][0]["mend"])
    wait_until(lambda: not findings(host), "all to be mended", patience=20, explain=lambda: str(findings(host)))
    after = host.read(MC).splitlines()
    gone = [line for line in before if line not in after]
    assert gone == ["INPUT_MAIL_FILTER(`submilter',", "  `S=unix:/run/submilter/submilter.sock, T=S:10s;R:10s')dnl"]


def test_the_cf_made_anew_keeps_mode_and_group(host):
    host.shell(f"chgrp smmsp {CF} && chmod 640 {CF}")
    edit_and_build(", T=C:30s;S:30s;R:60s;E:5m", "")(host)
    host.shell(f"chgrp smmsp {CF} && chmod 640 {CF}")
    host.shell(findings(host)["sendmail.time-outs"][0]["mend"])
    assert host.shell(f"stat -c '%a %U %G' {CF}").stdout.decode().split() == ["640", "root", "smmsp"]


PID_FILE = "/run/sendmail/mta/sendmail.pid"


def test_signals_what_the_pid_file_says_only_if_it_is_sendmail(host):
    """The file lies in a folder of the mail user's: who may write there cannot have root signal others."""
    BY_COMMAND["sendmail.time-outs"](host)
    mend = findings(host)["sendmail.time-outs"][0]["mend"]
    other = host.shell("sleep 300 >/dev/null 2>&1 </dev/null & echo $!").stdout.decode().strip()
    try:
        host.shell(f"cp {PID_FILE} /run/saved.pid; echo {other} >{PID_FILE}")
        assert host.shell(mend, check=False).returncode == 1, "it found nobody to signal"
        assert host.shell(f"ps -o stat= -p {other}").stdout.decode().strip()[0] == "S"
        mend = findings(host).get("sendmail.not-restarted", [{"mend": ""}])[0]["mend"]
        assert "HUP" not in mend, "nor does a new look ask for it"
    finally:
        host.shell(f"kill -KILL {other}; cp /run/saved.pid {PID_FILE}")


@pytest.mark.parametrize("name", BY_HAND)
def test_found_and_mended_by_hand(host, name):
    provoke, mend = BY_HAND[name]
    provoke(host)
    found = findings(host)
    assert list(found) == [name], found
    assert not any(finding["mend_is_command"] for finding in found[name])
    mend(host)
    assert not findings(host)


def test_every_kind_is_provoked(host):
    listed = host.submilterctl("doctor", "--list").stdout.decode()
    kinds = re.findall(r"^  (?:problem|advice|unknown) +(sendmail\.\S+)", listed, re.MULTILINE)
    assert set(kinds) == {*BY_COMMAND, *BY_HAND}


def test_opendkim_that_signs_is_mended_by_a_command(host):
    """Its own file says what it does: with Mode v, or without a key, it is no second signer."""
    host.write("/etc/opendkim.conf", "Socket inet:8891@localhost\n")
    ours = host.read(MC).splitlines(keepends=True)
    ours = next(line for line in ours if line.startswith("INPUT_MAIL_FILTER(`submilter"))
    edit_and_build(ours, OTHER_SIGNER + ours)(host)
    assert not findings(host), "it has no key"
    host.write("/etc/opendkim.conf", "Socket inet:8891@localhost\nKeyFile /etc/dkimkeys/a.private\n")
    found = findings(host)
    assert list(found) == ["sendmail.other-signer"] and found["sendmail.other-signer"][0]["mend_is_command"], found
    host.shell(found["sendmail.other-signer"][0]["mend"])
    assert not findings(host)


def test_another_signer_alone_is_no_finding(host):
    """Who has decided that another filter signs, and we do not, is told of no second signer."""
    edit_and_build(BEFORE_MAILERS, OTHER_SIGNER + BEFORE_MAILERS)(host)
    assert list(findings(host)) == ["sendmail.other-signer"]
    off = "{ dkim: { mode = \"off\"; }; }"
    host.write("/usr/local/etc/submilter/conf.d/dkim.conf", f"policies: {{ submission: {off}; local: {off}; }};\n")
    assert not findings(host)


@pytest.mark.parametrize("limits, found", [("0/0", False), ("0/1024", True), ("2048/0", True), ("256", True)])
def test_both_limits_of_mime_headers(host, limits, found):
    edit_and_build("confMAX_MIME_HEADER_LENGTH', `0'", f"confMAX_MIME_HEADER_LENGTH', `{limits}'")(host)
    assert list(findings(host)) == (["sendmail.mime-headers"] if found else [])


def test_the_command_that_enforces_names_the_sendmail_looked_at(host):
    """Pasted without, it would set up the system's own."""
    host.shell(f"cp {MC} /etc/mail/other.mc; cp {CF} /etc/mail/other.cf")
    host.write("/usr/local/etc/submilter/conf.d/observe.conf",
               'policies: { submission: { from: { mode = "observe"; }; }; };\n')
    (found,) = host.doctor("--sendmail-config", "/etc/mail/other.cf")["config.observed"]
    assert found["mend"].endswith(" setup sendmail --mc /etc/mail/other.mc --cf /etc/mail/other.cf --enforce --yes")
    (found,) = host.doctor()["config.observed"]
    assert found["mend"].endswith(" setup sendmail --enforce --yes")


def test_what_cannot_be_read_is_said(host):
    host.shell(f"rm {CF}")
    found = host.doctor()
    assert any(CF in finding["where"] for finding in found["doctor.could-not-look"]), found


@pytest.mark.parametrize("socket", ["unix:/run/submilter/submilter.sock", "inet:8894@127.0.0.1"])
def test_asks_as_sendmails_user(host, socket):
    """RunAsUser is no root: the socket's folder is closed to it until its group is let in."""
    edit_and_build(BEFORE_MAILERS, "define(`confRUN_AS_USER', `smmsp')dnl\nMAILER(smtp)dnl")(host)
    if socket.startswith("inet"):
        host.shell("pkill -KILL -x submilter")
        edit(host, "unix:/run/submilter/submilter.sock", socket, "/usr/local/etc/submilter/submilter.conf")
        edit_and_build("unix:/run/submilter/submilter.sock", socket)(host)
        host.run("submilter", "-c", "/usr/local/etc/submilter/submilter.conf")
        wait_until(lambda: not findings(host), "submilter answers")
        return
    assert findings(host), "root could"
    for _ in range(2):  # the folder, and the socket
        found = findings(host)
        if not found:
            break
        assert list(found) == ["sendmail.socket"] and "smmsp" in found["sendmail.socket"][0]["what"], found
        host.shell(found["sendmail.socket"][0]["mend"])
    assert not findings(host)
