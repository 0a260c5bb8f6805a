"""A site to run `submilterctl verify` against: a service for everything that can be set wrong."""

import json
import os
import shutil

from harness.build import program
from harness.dns import NameServer
from harness.guarded_site import GuardedSite, plain_settings
from harness.keys import public_records
from harness.libconfig import merged
from harness.postfix import Postfix, Service
from harness.process import free_ports, run
from suite_site import OLD_TLS, REFUSING_RULES

SAFE = {"smtpd_tls_auth_only": "yes"}
UNGUARDED = {**SAFE, "smtpd_milters": ""}
POLICIES = {
    "observing": {"base": "submission", **{rule: {"mode": "observe"} for rule in REFUSING_RULES}},
    "old-tls": {"base": "submission", "tls": {"mode": "off"}},
    "trust-refusing": {"base": "submission", "trust_headers": {"action": "reject"}},
    "quarantining": {"base": "submission", "from": {"action": "quarantine"}},
    "plain": {"base": "submission", "message_id": {"mode": "off"}, "date": {"mode": "off"}},
    "later": {"base": "submission", "from": {"action": "tempfail"}},
}
# Recipients' domains and what Postfix does with their mail.
TRANSPORTS = {
    "sink.example.net": "smtp",
    "subject.example.net": "change-subject",
    "second-id.example.net": "add-message-id",
    "from.example.net": "change-from",
}
MASTER = """\
change-subject unix - - n - - smtp -o {{ smtp_header_checks = pcre:{folder}/subject.pcre }}
add-message-id unix - - n - - smtp -o {{ smtp_header_checks = pcre:{folder}/message-id.pcre }}
change-from    unix - - n - - smtp -o {{ smtp_generic_maps = inline:{{ alice@example.com=other@example.com }} }}
virtual        unix - n n - - virtual
"""


def services(silent_port):
    ghost = "check_sender_access inline:{ {ghost@example.com = 550 5.1.0 there is no such user} }"
    silent = {**SAFE, "smtpd_milters": Postfix.milter(f"inet:127.0.0.1:{silent_port}")}
    return [
        Service("submission", SAFE),
        Service("smtps", {**SAFE, "smtpd_tls_wrappermode": "yes"}),
        Service("mx"),
        Service("cleartext-login", {"smtpd_tls_auth_only": "no"}),
        Service("no-tls", {"smtpd_tls_security_level": "none", "smtpd_tls_auth_only": "no"}),
        Service("no-login", {**SAFE, "smtpd_sasl_auth_enable": "no"}),
        Service("impatient", {**SAFE, "smtpd_soft_error_limit": "1", "smtpd_hard_error_limit": "1"}),
        Service("unguarded", UNGUARDED),
        Service("own-checks", {
            **UNGUARDED,
            "smtpd_tls_security_level": "encrypt",
            "smtpd_sender_login_maps": "inline:{ {alice@example.com = alice@example.com} }",
            "smtpd_sender_restrictions": "reject_sender_login_mismatch",
            "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject",
        }),
        Service("unlisted", {**UNGUARDED, "smtpd_sender_restrictions": ghost}),
        Service("silent-milter", silent),
        Service("silent-smtps", {**silent, "smtpd_tls_wrappermode": "yes"}),
        Service("old-tls", {**SAFE, **OLD_TLS}),
        *[Service(name, SAFE) for name in POLICIES if name != "old-tls"],
    ]


def settings(postfix):
    plain = plain_settings(postfix)
    own = [{"name": name, "ports": [postfix.port(name)], "policy": name} for name in POLICIES]
    submission, *others = plain["listeners"]
    more = ("cleartext-login", "no-tls", "no-login", "impatient")
    ports = submission["ports"] + [postfix.port(name) for name in more]
    listeners = [*own, {**submission, "ports": ports}, *others]
    return merged(plain, {"listeners": listeners, "policies": POLICIES})


class VerifySite(GuardedSite):
    def __init__(self):
        silent_port, self.sink_port = free_ports(2)
        super().__init__(services(silent_port), settings)
        self.password = self.folder / "password"
        self.password.write_text("secret\n")
        self.mail = self.folder / "mail"
        self.mail.mkdir()
        shutil.chown(self.mail, "nobody", "nogroup")
        self._route()
        self.dns = self.run(NameServer(dict(public_records(self.submilter.keys))))

    def _route(self):
        config = self.postfix.config
        (config / "subject.pcre").write_text("/^Subject: (.*)/ REPLACE Subject: [outside] $1\n")
        (config / "message-id.pcre").write_text("/^Subject:/ PREPEND Message-ID: <x@example.net>\n")
        place = f"[127.0.0.1]:{self.sink_port}"
        rows = [f"{domain} {transport}:{place}\n" for domain, transport in TRANSPORTS.items()]
        (config / "transport").write_text("".join(rows))
        with open(config / "master.cf", "a", encoding="utf-8") as master:
            master.write(MASTER.format(folder=config))
        more = {
            "transport_maps": f"texthash:{config}/transport",
            "virtual_mailbox_domains": "box.example.net",
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": "inline:{ {mbox@box.example.net = mbox},"
                                    " {folder@box.example.net = folder/} }",
            "virtual_uid_maps": "static:65534",
            "virtual_gid_maps": "static:65534",
        }
        with open(config / "main.cf", "a", encoding="utf-8") as main:
            main.writelines(f"{key} = {value}\n" for key, value in more.items())

    def arguments(self, service, *more):
        """As an admin would give them; address first."""
        tls = "implicit" if self.postfix.services[service].wrapper else "starttls"
        return ["verify", "alice@example.com", "--server", f"127.0.0.1:{self.postfix.port(service)}",
                "--tls", tls, "--ca", self.certificates.ca, "--resolver", self.dns.address, *more]

    def verify(self, service="submission", *more, config=None, to="bob@sink.example.net", sink=True):
        """Run it to its end."""
        place = ["--sink", str(self.sink_port)] if sink else []
        return self.ctl(*self.arguments(service, "--password-file", self.password, "--to", to, *place, *more),
                        config=config)

    def ctl(self, *arguments, config=None, data=None):
        env = {name: os.environ.get(name, "") + ":exitcode=99" for name in ("ASAN_OPTIONS", "LSAN_OPTIONS")}
        return Outcome(run(program("ctl/submilterctl"), "-c", config or self.submilter.config, *arguments,
                           "--json", check=False, data=data, env=env))


class Outcome:
    """What it said, and its exit status."""

    def __init__(self, done):
        self.status = done.returncode
        self.stderr = done.stderr.decode()
        self.object = json.loads(done.stdout) if done.stdout else {"rows": []}
        self.rows = self.object["rows"]

    def row(self, check):
        """The one row of that name."""
        (row,) = [row for row in self.rows if row["check"] == check]
        return row

    def named(self, result):
        return [row["check"] for row in self.rows if row["result"] == result]

    def __repr__(self):
        lines = [f"{row['result']} {row['check']}: {row['seen']}" for row in self.rows]
        return "\n".join([f"status {self.status}", *lines, self.stderr])
