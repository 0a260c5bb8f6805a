"""A private Postfix: own configuration, queue and data folders, ports of 127.0.0.1, own log.

It never reads or writes the system's instance: /etc/postfix and /var/spool/postfix stay untouched.
"""

import grp
import os
import pwd
import re
from dataclasses import dataclass, field

from .dovecot import USERS, Dovecot
from .mail_log import MailLog
from .process import Server, free_ports, run
from .waiting import accepts

MAIN_CF = {
    "compatibility_level": "3.6",
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "mail.example.com",
    "mydomain": "example.com",
    "myorigin": "example.com",
    "mydestination": "",
    "mynetworks": "0.0.0.0/0",
    "alias_maps": "",
    "local_recipient_maps": "",
    # Every client here is 127.0.0.1: without this, all of them would be repaired as local ones.
    "local_header_rewrite_clients": "",
    # It is submilter that refuses, not Postfix.
    "smtpd_recipient_restrictions": "permit_mynetworks, reject",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_auth_only": "no",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/auth",
    "smtpd_sasl_security_options": "noanonymous",
    "milter_default_action": "tempfail",
    "milter_connect_timeout": "60s",
    "milter_command_timeout": "60s",
    # Tests send many messages and make many mistakes.
    "smtpd_error_sleep_time": "0",
    "smtpd_soft_error_limit": "10000",
    "smtpd_hard_error_limit": "10000",
    "smtpd_junk_command_limit": "10000",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_peername_lookup": "no",
    "smtp_dns_support_level": "disabled",
    "smtp_destination_recipient_limit": "1000",
    "smtp_send_xforward_command": "no",
    "in_flow_delay": "0",
    "default_process_limit": "30",
    "enable_long_queue_ids": "yes",
}

MASTER_CF = """\
pickup    unix  n  -  n  60  1  pickup
cleanup   unix  n  -  n  -   0  cleanup
qmgr      unix  n  -  n  300 1  qmgr
tlsmgr    unix  -  -  n  -   1  tlsmgr
rewrite   unix  -  -  n  -   -  trivial-rewrite
bounce    unix  -  -  n  -   0  bounce
defer     unix  -  -  n  -   0  bounce
trace     unix  -  -  n  -   0  bounce
verify    unix  -  -  n  -   1  verify
flush     unix  n  -  n  -   0  flush
proxymap  unix  -  -  n  -   -  proxymap
smtp      unix  -  -  n  -   -  smtp
relay     unix  -  -  n  -   -  smtp
showq     unix  n  -  n  -   -  showq
error     unix  -  -  n  -   -  error
retry     unix  -  -  n  -   -  error
local     unix  -  n  n  -   -  local
anvil     unix  -  -  n  -   1  anvil
scache    unix  -  -  n  -   1  scache
postlog   unix-dgram n - n -  1  postlogd
"""


@dataclass
class Service:
    """One smtpd listener: a name for the tests, its main.cf overrides, and the port that it got."""

    name: str
    options: dict = field(default_factory=dict)
    chroot: bool = False
    port: int = 0

    @property
    def wrapper(self):
        return self.options.get("smtpd_tls_wrappermode") == "yes"

    def entry(self):
        lines = [f"127.0.0.1:{self.port} inet n - {'y' if self.chroot else 'n'} - - smtpd"]
        lines.append(f"  -o syslog_name=postfix/{self.name}")
        lines += [f"  -o {{ {key} = {value} }}" for key, value in self.options.items()]
        return "\n".join(lines) + "\n"


TAKEN_IN = re.compile(r"postfix/(?!second/)(?:[\w-]+/)?(?:smtpd|pickup)\[\d+\]: (\w+): (?:client|uid)=")


class Postfix(MailLog):
    name = "postfix"
    knows_xclient = True
    adds_unseen = False
    checks_helo = False
    logs_refusal = "milter-reject: END-OF-MESSAGE"

    def __init__(self, folder, services, relay_port, certificates, milter="", more=()):
        """Prepare the instance and Dovecot for its logins; start() runs them. more: of main.cf, as a dict takes it."""
        folder.mkdir()
        self.folder = folder
        self.config = folder / "etc"
        self.queue = folder / "queue"
        self.log = folder / "maillog"
        self.services = {service.name: service for service in services}
        self.logins = USERS
        self.server = self.dovecot = None
        for service, port in zip(services, free_ports(len(services))):
            service.port = port
        self._make_folders()
        self._write_config(relay_port, certificates, milter, more)
        run("/usr/sbin/postfix", "-c", self.config, "check")

    def _make_folders(self):
        self.config.mkdir()
        self.queue.mkdir()
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        os.chown(data, pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postfix").gr_gid)

    def _write_config(self, relay_port, certificates, milter, more):
        main = {
            **MAIN_CF,
            "queue_directory": self.queue,
            "data_directory": self.folder / "data",
            "maillog_file": self.log,
            "maillog_file_prefixes": self.folder,
            "relayhost": f"[127.0.0.1]:{relay_port}",
            "smtpd_tls_cert_file": certificates.cert,
            "smtpd_tls_key_file": certificates.key,
            "smtpd_milters": milter,
            "non_smtpd_milters": milter,
            **dict(more),
        }
        (self.config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in main.items()))
        entries = "".join(service.entry() for service in self.services.values())
        (self.config / "master.cf").write_text(MASTER_CF + entries)

    @staticmethod
    def milter(address):
        """As it stands in main.cf. What submilter can't answer for is deferred, never let through."""
        return f"{{ {address}, default_action=tempfail }}"

    def socket(self, path):
        """Where a socket lies that smtpd, chrooted or not, finds under that path."""
        return self.queue / path

    form = bytes  # fields leave as they came

    @staticmethod
    def without_decoration(reply):
        """A reply as the milter gave it."""
        return reply

    def start(self):
        self.dovecot = Dovecot(self.folder.parent / "dovecot", self.queue / "private/auth", self.logins)
        master = ["/usr/lib/postfix/sbin/master", "-c", self.config, "-d"]
        self.server = Server("postfix", master, self.folder / "output")
        for service in self.services.values():
            address = ("127.0.0.1", service.port)
            self.server.wait_ready(lambda address=address: accepts(address), f"listens at {address}")

    def stop(self):
        server, dovecot, self.server, self.dovecot = self.server, self.dovecot, None, None
        try:
            if server:
                server.stop()
        finally:
            if dovecot:
                dovecot.stop()

    def port(self, service):
        return self.services[service].port

    def sendmail(self, message: bytes, *arguments):
        """sendmail(1) of this instance. Its exit code and what it said."""
        done = run("/usr/sbin/sendmail", "-C", self.config, *arguments, data=message, check=False)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def taken_in(self):
        """Queue ids of what clients handed in; not of bounces, and not of what a test's own daemon judged."""
        return set(TAKEN_IN.findall(self.logged()))

    def queued(self, queue_id):
        """The name of the queue in which the message lies ("hold", "active", ...), or None."""
        for queue in ("hold", "deferred", "active", "incoming"):
            if any(path.name == queue_id for path in (self.queue / queue).rglob("*")):
                return queue
        return None

    def release(self, queue_id):
        """Let a held message go."""
        run("/usr/sbin/postsuper", "-c", self.config, "-H", queue_id)
        run("/usr/sbin/postqueue", "-c", self.config, "-i", queue_id)
