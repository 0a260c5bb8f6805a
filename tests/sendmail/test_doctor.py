"""submilterctl doctor on a host with Sendmail: each finding provoked, and gone when what it prints was run."""

import os

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


def edit_and_build(old, new):
    def change(host):
        edit(host, old, new)
        host.build()
        host.shell(f"touch -r /run/sendmail/mta/sendmail.pid {CF}")
    return change


def without_line(start):
    def change(host):
        lines = host.read(MC).splitlines(keepends=True)
        assert any(line.startswith(start) for line in lines)
        host.write(MC, "".join(line for line in lines if not line.startswith(start)))
        host.build()
        host.shell(f"touch -r /run/sendmail/mta/sendmail.pid {CF}")
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
BY_HAND = {
    "sendmail.mailer-flags": edit_and_build(BEFORE_MAILERS, "MODIFY_MAILER_FLAGS(`ESMTP', `+9')dnl\nMAILER(smtp)dnl"),
    "sendmail.no-tls": without_line("define(`confSERVER_CERT'"),
    "sendmail.masquerade": edit_and_build(BEFORE_MAILERS, "MASQUERADE_AS(`example.com')dnl\nMAILER(smtp)dnl"),
    "sendmail.genericstable": edit_and_build(
        BEFORE_MAILERS, "FEATURE(`genericstable', `hash /etc/mail/generics')dnl\nMAILER(smtp)dnl"),
    "sendmail.other-signer": edit_and_build(
        BEFORE_MAILERS, "INPUT_MAIL_FILTER(`opendkim', `S=inet:8891@localhost')dnl\nMAILER(smtp)dnl"),
    "sendmail.filter-behind": edit_and_build(
        BEFORE_MAILERS, "INPUT_MAIL_FILTER(`virus', `S=local:/run/virus, F=T')dnl\nMAILER(smtp)dnl"),
    "sendmail.key-unsafe": shell(f"mv {KEY} {KEY}.old"),
    "sendmail.local-mail-elsewhere": lambda host: edit(
        host, "D{MTAHost}[127.0.0.1]", "D{MTAHost}[192.0.2.1]", "/etc/mail/submit.cf"),
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


@pytest.mark.parametrize("name", BY_HAND)
def test_found_and_mended_by_hand(host, name):
    BY_HAND[name](host)
    found = findings(host)
    assert list(found) == [name], found
    assert not any(finding["mend_is_command"] for finding in found[name])


@pytest.mark.parametrize("limits, found", [("0/0", False), ("0/1024", True), ("2048/0", True), ("256", True)])
def test_both_limits_of_mime_headers(host, limits, found):
    edit_and_build("confMAX_MIME_HEADER_LENGTH', `0'", f"confMAX_MIME_HEADER_LENGTH', `{limits}'")(host)
    assert list(findings(host)) == (["sendmail.mime-headers"] if found else [])


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
