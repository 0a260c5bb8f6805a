"""Postfix for `submilterctl verify`: a service for everything that can be set wrong, and where mail goes."""

import shutil

from harness.postfix import Postfix, Service
from suite_site import OLD_TLS

SAFE = {"smtpd_tls_auth_only": "yes"}
UNGUARDED = {**SAFE, "smtpd_milters": ""}
# Recipients' domains and what becomes of their mail.
TRANSPORTS = {
    "sink.example.net": "smtp",
    "subject.example.net": "change-subject",
    "second-id.example.net": "add-message-id",
}
MASTER = """\
change-subject unix - - n - - smtp -o {{ smtp_header_checks = pcre:{folder}/subject.pcre }}
add-message-id unix - - n - - smtp -o {{ smtp_header_checks = pcre:{folder}/message-id.pcre }}
virtual        unix - n n - - virtual
"""


def services(silent_port, policies):
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
        *[Service(name, SAFE) for name in policies if name != "old-tls"],
    ]


class VerifyPostfix(Postfix):
    sink_port = None  # set before it is made

    def _write_config(self, *arguments):
        super()._write_config(*arguments)
        self.mail = self.folder / "mail"
        self.mail.mkdir()
        shutil.chown(self.mail, "nobody", "nogroup")
        config = self.config
        (config / "subject.pcre").write_text("/^Subject: (.*)/ REPLACE Subject: [outside] $1\n")
        (config / "message-id.pcre").write_text("/^Subject:/ PREPEND Message-ID: <x@example.net>\n")
        place = f"[127.0.0.1]:{self.sink_port}"
        rows = [f"{domain} {transport}:{place}\n" for domain, transport in TRANSPORTS.items()]
        (config / "transport").write_text("".join(rows))
        with open(config / "master.cf", "a", encoding="utf-8") as master:
            master.write(MASTER.format(folder=config))
        more = {
            "transport_maps": f"texthash:{config}/transport",
            "smtp_generic_maps": "inline:{ {sales@example.com = other@example.com} }",
            "virtual_mailbox_domains": "box.example.net",
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": "inline:{ {mbox@box.example.net = mbox},"
                                    " {folder@box.example.net = folder/} }",
            "virtual_uid_maps": "static:65534",
            "virtual_gid_maps": "static:65534",
        }
        with open(config / "main.cf", "a", encoding="utf-8") as main:
            main.writelines(f"{key} = {value}\n" for key, value in more.items())

    def waiting(self):
        """What lies in the queue and is not about to leave."""
        return self._lying("deferred", "hold")

    def under_way(self):
        return self._lying("incoming", "active")

    def _lying(self, *names):
        return [path for name in names for path in (self.queue / name).rglob("*") if path.is_file()]
