"""A site whose MTA asks submilter about every message."""

import shutil

from . import keys, postfix, sendmail, verify
from .postfix import Postfix
from .site import Site
from .submilter import USER, Submilter

SOCKET = "submilter/submilter.sock"  # below the folder that the MTA finds it in
DOMAINS = ("example.com", "example.org", "xn--bcher-kva.example")
SENDERS = """\
alice@example.com       alice@example.com
sales@example.com       alice@example.com, bob@example.com
bob@example.com         bob@example.com
ceo@example.com         ceo@example.com
carol@example.com       carol
@example.org            orgadmin@example.com
first+last@example.com  first+last@example.com
jürgen@bücher.example   juergen@example.com
"odd local"@example.com alice@example.com
"""


def plain_services(mta=Postfix):
    """What a small mail server has."""
    if mta is Postfix:
        return [
            postfix.Service("submission"),
            postfix.Service("smtps", {"smtpd_tls_wrappermode": "yes"}),
            postfix.Service("mx", {"smtpd_authorized_xclient_hosts": "127.0.0.1"}),
        ]
    return [sendmail.Service("submission"), sendmail.Service("smtps", {"M": "s"}), sendmail.Service("mx")]


def plain_settings(mta):
    """Listeners are told apart by port, as every client is 127.0.0.1 here."""
    submission = [mta.port("submission"), mta.port("smtps")]
    return {
        "domains": ["example.com", "example.org", "bücher.example"],
        "authserv_ids": ["mx.example.com"],
        "listeners": [
            {"name": "submission", "ports": submission, "policy": "submission"},
            {"name": "login", "login": True, "policy": "submission"},
            {"name": "inbound", "ports": [mta.port("mx")], "policy": "inbound"},
            {"name": "local", "clients": ["127.0.0.0/8", "::1/128"], "policy": "local"},
        ],
    }


class GuardedSite(Site):
    """settings: gives the configuration, once the MTA has its ports."""

    def __init__(self, services=None, settings=plain_settings, mta=Postfix):
        super().__init__(services or plain_services(mta), mta.milter(f"unix:{SOCKET}"), mta)
        self.settings = settings
        socket = self.mta.socket(SOCKET)
        socket.parent.mkdir()
        shutil.chown(socket.parent, USER, "postfix")
        socket.parent.chmod(0o2750)
        self.submilter = self.new_submilter("submilter", socket)
        for domain in DOMAINS:
            self.submilter.new_key(domain, "--selector", "s1")

    def new_submilter(self, name, address, keys=None):
        """A daemon with this site's settings and senders, not yet started."""
        daemon = Submilter(self.folder / name, address, self.settings(self.mta), keys)
        daemon.senders.write_text(SENDERS, "utf-8")
        daemon.write_config()
        return daemon

    def start(self):
        self.run(self.submilter).start()
        super().start()

    def signatures(self, message: bytes, daemon=None):
        """What the verifiers say of each signature; they must agree."""
        records = keys.public_records((daemon or self.submilter).keys)
        ours = verify.by_dkimpy(message, records)
        theirs = verify.by_opendkim(message, records, self.folder / "opendkim")
        assert ours == theirs, f"the verifiers disagree: dkimpy {ours}, opendkim {theirs}"
        return ours
