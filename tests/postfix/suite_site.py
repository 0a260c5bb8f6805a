"""The suite's site: a service for every kind of traffic and policy that its cases ask for."""

import shutil

from harness.guarded_site import SENDERS, GuardedSite, milter, plain_services, plain_settings
from harness.libconfig import merged
from harness.postfix import Service
from harness.process import free_ports, run
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


def services(second_port):
    return [
        *plain_services(),
        Service("chrooted", chroot=True),
        Service("old-tls", OLD_TLS),
        # Here Postfix adds Message-ID, Date and From itself, as it does for a host's own clients.
        Service("repairing", {"local_header_rewrite_clients": "permit_inet_interfaces"}),
        # Asks a daemon of a test's own, that the test may break.
        Service("second", {"smtpd_milters": milter(f"inet:127.0.0.1:{second_port}")}),
        *[Service(name) for name in OWN_POLICY],
    ]


def settings(postfix):
    plain = plain_settings(postfix)
    own = [{"name": name, "ports": [postfix.port(name)], "policy": name} for name in OWN_POLICY]
    submission, *others = plain["listeners"]
    ports = submission["ports"] + [postfix.port(name) for name in MORE_SUBMISSION]
    listeners = [*own, {**submission, "ports": ports}, *others]
    return merged(plain, {"listeners": listeners, "policies": POLICIES})


class SuiteSite(GuardedSite):
    """And a second daemon, which tests may reload and break."""

    def __init__(self):
        second_port = free_ports(1)[0]
        super().__init__(services(second_port), settings)
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
