"""Hosts on which submilter is installed with its units, by make install, and systemctl is a stand-in.

They are namespaces of their own (harness/sendmail_host.py): nothing of the host's is written.
"""

import json
import re

from .build import BUILD, TOP
from .sendmail_host import SendmailHost
from .unit_file import service
from .waiting import wait_until

STAND_IN = '#!/bin/sh\nexec /usr/bin/python3 {script} "$@"\n'
BOTH = "submilter.service submilter.socket"
DROP_INS = ("/etc/systemd/system/submilter.socket.d/50-setup.conf",
            "/etc/systemd/system/submilter.service.d/50-setup.conf")


class WithUnits:
    """Mixed into a host: the README's way of installing, and what systemctl was asked."""

    def install(self):
        self.run("make", "-s", "-C", BUILD, "install")
        self.shell("mv /usr/bin/systemctl /usr/bin/systemctl.real")
        self.write("/usr/bin/systemctl", STAND_IN.format(script=TOP / "tests/harness/systemctl_stand_in.py"))
        self.path("/usr/bin/systemctl").chmod(0o755)
        self.shell("mkdir -p /run/systemd/system")
        self.config = re.search(r"-c (\S+)", service().read_text())[1]
        self.sbin = re.search(r"ExecStart=(\S+)/submilter ", service().read_text())[1]

    def sysusers(self):
        self.run("systemd-sysusers", "submilter.conf")

    def tmpfiles(self):
        self.run("systemd-tmpfiles", "--create", "submilter.conf")

    def asked(self):
        """What systemctl was asked to change, since the last time."""
        path = self.path("/run/stand-in/asked")
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in lines if line.split()[0] not in ("cat", "is-active", "is-enabled")]

    def set_up(self, *arguments, check=0):
        """submilterctl setup, as the README says; the JSON object."""
        done = self.submilterctl("setup", self.mta, "--json", *arguments)
        plan = json.loads(done.stdout)
        assert done.returncode == check, plan["error"]
        return plan

    def assert_runs(self, socket):
        """By its units, which systemd takes for valid, at that address; and it stays set up."""
        done = self.run("systemd-analyze", "verify", "--man=no", "submilter.service", "submilter.socket", check=False)
        said = [line for line in (done.stdout + done.stderr).decode().splitlines() if "submilter" in line and "masked" not in line]
        assert not said, said
        assert self.read("/run/stand-in/state") == "running"
        found = self.look("socket")
        assert not found, found
        if socket.startswith("/"):
            assert self.owner(socket) == (f"submilter:{self.group}", "660")
        self.asked()
        assert not self.set_up("--yes")["changes"] and not self.asked()

    def look(self, theme="service", *arguments):
        """The doctor's findings of a theme, by id."""
        done = self.submilterctl("doctor", "--mta", self.mta, "--json", "--only", theme, *arguments)
        return {each["id"]: each for each in json.loads(done.stdout)["findings"]}

    def owner(self, path):
        found = self.run("stat", "-c", "%U:%G %a", path).stdout.decode().split()
        return found[0], found[1]


class PostfixUnitHost(WithUnits, SendmailHost):
    """With Debian's Postfix as its package leaves it."""

    mta = "postfix"
    group = "postfix"

    def _tree(self):
        tree = self.folder / "tree"
        for name in ("usr", "etc", "var"):
            (tree / name).mkdir(parents=True)
        return tree

    def _prepare(self):
        self.write("/etc/hosts", "127.0.0.1 localhost\n")
        self.write("/etc/resolv.conf", "")
        self.write("/etc/mailname", "example.com\n")
        self.shell("rm -rf /etc/postfix/main.cf /etc/submilter /var/spool/postfix/submilter /var/log/submilter /var/lib/submilter; "
                   "cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf; "
                   "cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf")
        self.postconf("myhostname=mail.example.com", "mydestination=example.com, localhost", "myorigin=/etc/mailname",
                      "maillog_file=/var/log/postfix.log", "smtpd_peername_lookup=no", "inet_protocols=all",
                      "alias_maps=")
        self.install()

    def postconf(self, *settings):
        self.run("postconf", "-e", *settings)

    def start_postfix(self):
        self.run("/usr/sbin/postfix", "start")
        wait_until(self.answers, "Postfix at port 25")


class SendmailUnitHost(WithUnits, SendmailHost):
    mta = "sendmail"
    group = "submilter"

    def _prepare(self):
        super()._prepare()
        self.install()
