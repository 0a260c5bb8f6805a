"""Sendmail for `submilterctl verify`: a port for everything that can be set wrong, and where mail goes."""

import shutil

from harness.process import run
from harness.sendmail import INSIDE, TREE, Sendmail, Service

MAIL_USER = "mail"  # as whom Sendmail writes into mailboxes that are files
MORE = """\
define(`confAUTH_OPTIONS', `A p')dnl
define(`SMTP8_MAILER_ARGS', `TCP $h {sink_port}')dnl
FEATURE(`mailertable', `hash {inside}/mailertable')dnl
FEATURE(`genericstable', `hash {inside}/genericstable')dnl
GENERICS_DOMAIN(`example.com')dnl
LOCAL_DOMAIN(`box.example.net')dnl
define(`ALIAS_FILE', `{inside}/aliases')dnl
define(`_LOCAL_SRV_FEATURES_', `1')dnl
LOCAL_RULESETS
SLocal_srv_features
R$*\t\t\t$: $&{{daemon_name}}
Rcleartext-login\t$# C
Rno-tls\t\t\t$# C

SLocal_check_mail
R$*ghost@example.com$*\t$#error $@ 5.1.0 $: "550 there is no such user"
"""
TABLES = {
    "mailertable": "sink.example.net smtp8:[127.0.0.1]\n",
    "genericstable": "sales@example.com other@example.com\n",
}
ALIASES = f"@ @\nmbox {INSIDE}/mail/mbox\n"  # without the first Sendmail waits for newaliases


def services(silent_port, policies):
    silent = {"milter": f"inet:{silent_port}@127.0.0.1"}
    unguarded = {"InputMailFilters": ""}
    return [
        Service("submission"),
        Service("smtps", {"M": "s"}),
        Service("mx"),
        Service("cleartext-login"),
        Service("no-tls", {"M": "S"}),
        Service("no-login", {"M": "A"}),
        Service("unguarded", unguarded),
        Service("own-checks", {**unguarded, "M": "a"}),
        Service("unlisted", unguarded),
        Service("silent-milter", **silent),
        Service("silent-smtps", {"M": "s"}, **silent),
        *[Service(name) for name in policies],
    ]


class VerifySendmail(Sendmail):
    sink_port = None  # set before it is made

    def __init__(self, folder, services, relay_port, certificates, milter=""):
        more = MORE.format(inside=INSIDE, sink_port=self.sink_port)
        super().__init__(folder, services, relay_port, certificates, milter, more)
        self.mail = folder / "mail"
        self.mail.mkdir()
        shutil.chown(self.mail, MAIL_USER, MAIL_USER)
        for name, text in TABLES.items():
            self._make_map(name, text)
        self._make_map("aliases", ALIASES, "-N")

    def _make_map(self, name, text, *options):
        makemap = TREE / "usr/libexec/sendmail/makemap"
        run(makemap, "-C", self.config, *options, "hash", self.folder / name, data=text.encode())

    def waiting(self):
        """What lies in the queue and is not about to leave."""
        return []

    def under_way(self):
        """What Sendmail does not get rid of stays where it was."""
        return list(self.queue.glob("[hqdtx]f*"))
