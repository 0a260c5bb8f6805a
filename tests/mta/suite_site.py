"""The suite's site: a service for every kind of traffic and policy that its cases ask for."""

import os
import shutil

from harness import postfix, sendmail
from harness.guarded_site import SENDERS, GuardedSite, plain_services, plain_settings
from harness.libconfig import merged
from harness.postfix import Postfix
from harness.process import free_ports, run
from harness.sendmail import Sendmail
from harness.submilter import Records

OLD_TLS = {
    "smtpd_tls_protocols": ">=TLSv1",
    "smtpd_tls_ciphers": "medium",
    "tls_medium_cipherlist": "ALL:@SECLEVEL=0",
}
REFUSING_RULES = (
    "tls", "auth", "envelope", "from", "sender", "header_syntax", "header_once", "header_injection",
    "trust_headers", "body_syntax", "recipients",
)
POLICIES = {
    "submission": {"recipients": {"forbidden_domains": ["forbidden.example"]}},
    "cleartext": {"base": "submission", "tls": {"mode": "off"}},
    "strict": {
        "base": "submission",
        "tls": {"min_cipher_bits": 256, "refused_ciphers": ["ECDHE-RSA-CHACHA20-POLY1305"]},
    },
    "observing": {"base": "submission", **{rule: {"mode": "observe"} for rule in REFUSING_RULES}},
    "quarantining": {"base": "submission", "from": {"action": "quarantine"}},
}
OWN_POLICY = ("cleartext", "strict", "observing", "quarantining")
MORE_SUBMISSION = ("chrooted", "old-tls", "repairing", "second")


# A recipient that the MTA itself refuses at the service "second".
UNKNOWN = "<nobody-of-that-name@mail.example.com>"

# Which MTA the run is about.
MTA = {"postfix": Postfix, "sendmail": Sendmail}[os.environ.get("SUBMILTER_MTA", "postfix")]


def postfix_services(second_port):
    return [
        *plain_services(Postfix),
        postfix.Service("chrooted", chroot=True),
        postfix.Service("old-tls", OLD_TLS),
        # Here Postfix adds Message-ID, Date and From itself, as it does for a host's own clients.
        postfix.Service("repairing", {"local_header_rewrite_clients": "permit_inet_interfaces"}),
        # Asks a daemon of a test's own, that the test may break.
        postfix.Service("second", {
            "smtpd_milters": Postfix.milter(f"inet:127.0.0.1:{second_port}"),
            "smtpd_recipient_restrictions":
                f"check_recipient_access inline:{{{{{UNKNOWN.strip('<>')}=550 5.1.1 unknown}}}}, permit_mynetworks, reject",
        }),
        *[postfix.Service(name) for name in OWN_POLICY],
    ]


def sendmail_services(second_port):
    return [
        *plain_services(Sendmail),
        sendmail.Service("old-tls"),
        sendmail.Service("msp"),  # where sendmail(1) hands in
        sendmail.Service("second", milter=f"inet:{second_port}@127.0.0.1"),
        *[sendmail.Service(name) for name in OWN_POLICY],
    ]


def settings(mta):
    plain = plain_settings(mta)
    own = [{"name": name, "ports": [mta.port(name)], "policy": name} for name in OWN_POLICY]
    submission, *others = plain["listeners"]
    ports = submission["ports"] + [mta.port(name) for name in MORE_SUBMISSION if name in mta.services]
    listeners = [*own, {**submission, "ports": ports}, *others]
    return merged(plain, {"listeners": listeners, "policies": POLICIES})


class SuiteSite(GuardedSite):
    """And a second daemon, which tests may reload and break."""

    def __init__(self):
        second_port = free_ports(1)[0]
        services = postfix_services if MTA is Postfix else sendmail_services
        super().__init__(services(second_port), settings, MTA)
        self.second = self.run(self.new_submilter("second", second_port))
        self.times = 0

    def fresh_second(self):
        """The second daemon, running, with everything as it was at first and no records yet.

        It is reloaded rather than started anew, which is quicker.
        """
        daemon = self.second
        self.times += 1
        daemon.records = Records(daemon.records.path.with_name(f"decisions-{self.times}.jsonl"))
        daemon.senders.write_text(SENDERS, "utf-8")
        shutil.rmtree(daemon.keys, ignore_errors=True)
        run("cp", "-a", self.submilter.keys, daemon.keys)
        daemon.write_config()
        if daemon.server:
            daemon.reload()
        else:
            daemon.start()
        return daemon
