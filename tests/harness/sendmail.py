"""A private Sendmail: its packages unpacked (build-aux/unpack-packages), own .cf, queue, logins and log, ports
of 127.0.0.1.

It runs in mount and process namespaces of its own. There it finds its folder at INSIDE, because it takes no key
and no socket from below a folder that others may write to, as /tmp is; a hosts file, without which it sleeps a
minute at its start; its SASL configuration; and a /dev/log, which is us. What ends the namespace's first
process, Sendmail, ends all of its children. The host's own files are neither written nor hidden from others.
"""

import os
import re
import shutil
import socket
import threading
from dataclasses import dataclass, field

from .build import TOP
from .dovecot import PASSWORD, USERS
from .mail_log import MailLog
from .message import name_of
from .process import Server, free_ports, run
from .waiting import accepts

TREE = TOP / "build/sendmail"
CF = TREE / "usr/share/sendmail/cf"
PROGRAM = TREE / "usr/libexec/sendmail/sendmail"
FEATURE = TOP / "contrib/sendmail/submilter.m4"
INSIDE = "/mnt"
HOST = "mail.example.com"
CLIENT = "mail"  # whom sendmail(1) becomes: anybody but root
REALM = "example.com"  # of logins that name none

MC = """\
include(`{cf}/m4/cf.m4')dnl
include(`{cf}/debian/autoconf.m4')dnl
OSTYPE(`debian')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`QUEUE_DIR', `{inside}/queue')dnl
define(`confPID_FILE', `{inside}/pid')dnl
define(`STATUS_FILE', `{inside}/statistics')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`HELP_FILE', `{inside}/help')dnl
define(`ALIAS_FILE', `null:none')dnl
define(`confCW_FILE', `-o {inside}/none')dnl
define(`confCT_FILE', `-o {inside}/none')dnl
define(`confCR_FILE', `-o {inside}/none')dnl
define(`confSERVICE_SWITCH_FILE', `{inside}/switch')dnl
define(`confTO_IDENT', `0')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confLOG_LEVEL', `14')dnl
define(`confSERVER_CERT', `{inside}/server.pem')dnl
define(`confSERVER_KEY', `{inside}/server.key')dnl
define(`confCACERT', `{inside}/ca.pem')dnl
define(`confCACERT_PATH', `{inside}')dnl
define(`confCIPHER_LIST', `ALL:@SECLEVEL=0')dnl
define(`confDH_PARAMETERS', `none')dnl
define(`confTLS_SRV_OPTIONS', `V')dnl
define(`confAUTH_MECHANISMS', `{mechanisms}')dnl
TRUST_AUTH_MECH(`{mechanisms}')dnl
define(`confAUTH_REALM', `{realm}')dnl
define(`SMART_HOST', `esmtp:[127.0.0.1]')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {relay_port}')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
{milter}
{daemons}
{more}
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
# Of sendmail(1), which hands what it is given to the port "msp".
SUBMIT_MC = """\
include(`{cf}/m4/cf.m4')dnl
include(`{cf}/debian/autoconf.m4')dnl
OSTYPE(`debian')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`MSP_QUEUE_DIR', `{inside}/client')dnl
define(`confPID_FILE', `{inside}/client-pid')dnl
define(`STATUS_FILE', `{inside}/statistics')dnl
define(`confSERVICE_SWITCH_FILE', `{inside}/switch')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`confRUN_AS_USER', `{user}:{user}')dnl
define(`confLOG_LEVEL', `14')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""
MECHANISMS = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256"
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# The folder comes first: what is mounted after it lies in it.
ENTER = f"""\
set -e
mount --bind "$1" {INSIDE}
mount --bind {INSIDE}/hosts /etc/hosts
mount --bind {INSIDE}/sasl /usr/lib/sasl2
for device in {' '.join(DEVICES)}; do mount --bind /dev/$device {INSIDE}/dev/$device; done
mount --rbind {INSIDE}/dev /dev
mount -t proc proc /proc
shift
exec "$@"
"""
NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--")
TAKEN_IN = re.compile(r"sendmail\[\d+\]: (\w+): from=(?!<>)(?!.*daemon=second\b)")


WITH_ADDRESSES = (b"from", b"sender", b"reply-to", b"to", b"cc", b"resent-from", b"resent-to")


@dataclass
class Service:
    """One port: a name for the tests, its DaemonPortOptions, and the port that it got."""

    name: str
    options: dict = field(default_factory=dict)
    milter: str = ""  # another one than the instance's, for this port alone
    port: int = 0

    @property
    def wrapper(self):
        return "s" in self.options.get("M", "")

    def entry(self):
        all_options = {"Name": self.name, "Addr": "127.0.0.1", "Port": str(self.port), **self.options}
        lines = ""
        if self.milter:
            all_options["InputMailFilters"] = self.name
            lines = f"MAIL_FILTER(`{self.name}', `S={self.milter}, F=T')dnl\n"
        return lines + "DAEMON_OPTIONS(`" + ", ".join(map("=".join, all_options.items())) + "')dnl"


class _Log(threading.Thread):
    """What is at /dev/log in the namespace: writes what comes to a file, a line each."""

    def __init__(self, path, file):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)  # sendmail(1) is not root
        self.file = file
        self.start()

    def run(self):
        with open(self.file, "ab", buffering=0) as out:
            while line := self.socket.recv(65536):
                out.write(re.sub(rb"^<\d+>", b"", line).rstrip(b"\n\0") + b"\n")

    def stop(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.join()
        self.socket.close()


class Sendmail(MailLog):
    name = "sendmail"
    knows_xclient = False
    checks_helo = True
    logs_refusal = "milter=submilter, reject="
    adds_unseen = True  # what it adds itself (Message-Id, Date) is not shown to milters

    def __init__(self, folder, services, relay_port, certificates, milter="", more=""):
        """Prepare the instance; start() runs it. more: lines of the .mc file."""
        assert PROGRAM.exists(), f"{PROGRAM} is not there: run build-aux/unpack-packages first"
        self.folder = folder
        self.queue = folder / "queue"
        self.config = folder / "sendmail.cf"
        self.log = folder / "maillog"
        self.services = {service.name: service for service in services}
        self.server = None
        for service, port in zip(services, free_ports(len(services))):
            service.port = port
        folder.mkdir()
        self.queue.mkdir(mode=0o700)
        (folder / "client").mkdir(mode=0o700)
        shutil.chown(folder / "client", CLIENT, CLIENT)
        self._write_files(certificates)
        self._make_logins()
        self._write_config(relay_port, milter, more)

    def _write_files(self, certificates):
        name = socket.gethostname()
        (self.folder / "hosts").write_text(f"127.0.0.1 localhost\n127.0.0.1 {HOST} {name}\n")
        (self.folder / "switch").write_text("hosts files\naliases files\npasswd files\n")
        for name in ("help", "statistics"):
            (self.folder / name).touch()
        devices = self.folder / "dev"
        devices.mkdir()
        for name in DEVICES:
            (devices / name).touch()
        self.syslog = _Log(devices / "log", self.log)
        for path in (certificates.cert, certificates.key, certificates.ca):
            copy = self.folder / path.name
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o600)

    def _make_logins(self):
        sasl = self.folder / "sasl"
        sasl.mkdir()
        (sasl / "Sendmail.conf").write_text(
            "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
            f"sasldb_path: {INSIDE}/sasldb2\nmech_list: {MECHANISMS}\n"
        )
        for user in USERS:
            name, _, realm = user.partition("@")
            run(TREE / "usr/sbin/saslpasswd2", "-p", "-c", "-f", self.folder / "sasldb2", "-u", realm or REALM,
                name, data=PASSWORD.encode())

    def _write_config(self, relay_port, milter, more):
        text = MC.format(
            cf=CF, host=HOST, inside=INSIDE, realm=REALM, mechanisms=MECHANISMS, relay_port=relay_port,
            daemons="\n".join(service.entry() for service in self.services.values()), milter=milter, more=more,
        )
        self._make_cf(self.config, text)
        if "msp" in self.services:
            port = self.port("msp")
            text = SUBMIT_MC.format(cf=CF, host=HOST, inside=INSIDE, port=port, user=CLIENT)
            self._make_cf(self.folder / "submit.cf", text)

    @staticmethod
    def _make_cf(path, text):
        source = path.with_suffix(".mc")
        source.write_text(text)
        made = run("m4", f"-D_CF_DIR_={CF}/", source, check=False)
        assert made.returncode == 0, made.stderr.decode()
        path.write_bytes(made.stdout)

    @staticmethod
    def milter(address):
        """As it stands in the .mc file: address is below INSIDE."""
        where = address.replace("unix:", f"unix:{INSIDE}/")
        return f"define(`confSUBMILTER_SOCKET', `{where}')dnl\ninclude(`{FEATURE}')dnl"

    def socket(self, path):
        """Where a socket lies that Sendmail finds under that path."""
        return self.folder / path

    @staticmethod
    def form(field):
        """Fields with addresses are folded anew."""
        return re.sub(rb"\s+", b" ", field) if name_of(field) in WITH_ADDRESSES else field

    @staticmethod
    def without_decoration(reply):
        """A reply as the milter gave it: Sendmail puts the command's address before the text of some."""
        return re.sub(r"^(5\d\d [\d.]+ )<\S*>\.\.\. ", r"\1", reply)

    def command(self, *arguments):
        """Sendmail in namespaces of its own. Its first argument is what it is called as."""
        return [*NAMESPACES, "sh", "-c", ENTER, "sh", self.folder, *arguments]

    def start(self):
        # unshare does not end by TERM, but takes all with it when it is killed.
        command = ["setpriv", "--pdeathsig", "KILL", "--"]
        command += self.command(PROGRAM, "-C", f"{INSIDE}/sendmail.cf", "-bD", "-q1m")
        self.server = Server("sendmail", command, self.folder / "output")
        for service in self.services.values():
            address = ("127.0.0.1", service.port)
            self.server.wait_ready(lambda address=address: accepts(address), f"listens at {address}")

    def stop(self):
        if self.server:
            self.server.stop(9)
            self.server = None
        if self.syslog:
            self.syslog.stop()
            self.syslog = None

    def port(self, service):
        return self.services[service].port

    def sendmail_command(self, *arguments, cf="sendmail.cf"):
        return self.command(PROGRAM, "-C", f"{INSIDE}/{cf}", *arguments)

    def sendmail(self, message: bytes, *arguments, cf="submit.cf"):
        """sendmail(1) of this instance. Its exit code and what it said."""
        done = run(*self.sendmail_command(*arguments, cf=cf), data=message, check=False)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def taken_in(self):
        """Queue ids of what clients handed in; not of bounces, and not of what a test's own daemon judged."""
        return set(TAKEN_IN.findall(self.logged()))

    def queued(self, queue_id):
        """The name of the queue in which the message lies ("hold" for quarantined ones), or None."""
        for letter, queue in (("h", "hold"), ("q", "active")):
            if (self.queue / f"{letter}f{queue_id}").exists():
                return queue
        return None

    def release(self, queue_id):
        """Let a quarantined message go."""
        for arguments in ((f"-qI{queue_id}", "-qQ", "-Q"), ("-qf", f"-qI{queue_id}")):
            code, said = self.sendmail(b"", *arguments, cf="sendmail.cf")
            assert code == 0, said
