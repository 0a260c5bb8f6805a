"""Configurations for `submilterctl setup postfix`, and what is to come of each."""

from dataclasses import dataclass, field
from pathlib import Path

from harness.host import Host

SETUPS = Path(__file__).resolve().parent / "setups"
OURS = "{ unix:submilter/submilter.sock, default_action=tempfail }"


@dataclass
class Expected:
    domains: list
    milters: dict  # service -> its milters, ours as OURS
    ports: str = ""  # of the listener "submission"
    relay: str = ""  # clients of the listener "relay"
    conf: list = field(default_factory=list)  # texts in submilter.conf
    warnings: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    signs: bool = True
    master_changes: bool = False
    arguments: tuple = ()
    doctor: list = field(default_factory=list)  # its problems after that: what stays as the admin had it


def debian(submission):
    def make():
        host = Host()
        host.debian({
            "myhostname": "mail.example.com", "myorigin": host.folder / "mailname",
            "mydestination": "$myhostname, example.com, localhost.example.com, localhost",
            "mynetworks": "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128",
            **({"smtpd_sasl_type": "dovecot", "smtpd_sasl_path": "private/auth",
                "recipient_delimiter": "+",
                "smtpd_sender_login_maps": f"hash:{host.folder}/senders"} if submission else {}),
        }, submission)
        (host.folder / "mailname").write_text("example.com\n")
        (host.folder / "senders").write_text("alice@example.com alice@example.com\n")
        return host
    return make


def copy_of(name):
    return lambda: Host(SETUPS / name)


RSPAMD = "inet:localhost:11332"
DKIM = "local:opendkim/opendkim.sock"
DMARC = "{ inet:localhost:8893, connect_timeout=10s, default_action=accept }"
CASES = {
    "debian": (debian(False), Expected(
        ["example.com"], {"non_smtpd": OURS, "smtp/inet": OURS},
        notes=["nobody can log in here"], conf=["extensions = false;"])),
    "debian-submission": (debian(True), Expected(
        ["example.com"],
        {"non_smtpd": OURS, "smtp/inet": OURS, "submission/inet": OURS, "submissions/inet": OURS},
        ports="587, 465", conf=['"texthash:@FOLDER@/senders"', 'recipient_delimiter = "+";'],
        notes=["of hash:@FOLDER@/senders its text"])),
    "unchrooted": (copy_of("unchrooted"), Expected(
        ["example.com", "example.org", "alias.example"],
        {"non_smtpd": OURS, "smtpd/pass": OURS, "submission/inet": OURS, "2525/inet": OURS},
        ports="587, 2525",
        conf=['tables = [ "texthash:@FOLDER@/etc/postfix/senders" ];', 'recipient_delimiter = "+-";'])),
    "virtual-sql": (copy_of("virtual-sql"), Expected(
        ["example.com", "mail.example.com"],
        {"non_smtpd": OURS, "smtp/inet": OURS, "submission/inet": OURS, "465/inet": OURS,
         "127.0.0.1:10025/inet": "", "127.0.0.1:10028/inet": OURS},
        ports="587, 465", master_changes=True, arguments=("--domain", "example.com"),
        warnings=["virtual_mailbox_domains: the domains in mysql:", "submilter cannot read proxy:mysql:"],
        notes=["127.0.0.1:10025 (inet) takes mail back", "127.0.0.1:10028 (inet) asks no milters",
               "content_filter is set"])),
    "rspamd": (copy_of("rspamd"), Expected(
        ["example.com", "example.org"],
        {"non_smtpd": f"{RSPAMD}, {OURS}", "smtp/inet": f"{RSPAMD}, {OURS}",
         "submission/inet": f"{RSPAMD}, {OURS}", "submissions/inet": f"{RSPAMD}, {OURS}",
         "588/inet": f"{RSPAMD}, {OURS}", "127.0.0.1:10590/inet": f"{RSPAMD}, {OURS}"},
        ports="587, 465, 588", signs=False,
        warnings=["rspamd signs already", "127.0.0.1:10590 (inet) listens for this host only"],
        notes=["milter_default_action is accept and stays so",
               "smtpd_sender_login_maps is not set"])),
    "opendkim": (copy_of("opendkim"), Expected(
        ["example.com"],
        {"non_smtpd": f"{DKIM}, {OURS}", "smtp/inet": f"{DKIM}, {DMARC}, {OURS}",
         "submission/inet": f"{DKIM},{{inet:localhost:8893,connect_timeout=10s}},{OURS}"},
        ports="587", signs=False, master_changes=True, warnings=["OpenDKIM signs already"],
        notes=["its text, texthash:", "milter_default_action is accept"],
        conf=['"texthash:@FOLDER@/etc/postfix/sender_login"'])),
    "relay-only": (copy_of("relay-only"), Expected(
        ["example.com"], {"non_smtpd": OURS, "smtp/inet": OURS},
        relay='"10.1.0.0/16", "2001:db8:1::/64"',
        warnings=["mynetworks: hash:@FOLDER@/etc/postfix/more_networks"],
        notes=["nobody can log in here", "mynetworks has more than this host"])),
    "overrides": (copy_of("overrides"), Expected(
        ["example.com"],
        {"non_smtpd": OURS, "smtp/inet": "", "submission/inet": f"{RSPAMD},{OURS}",
         "submissions/inet": OURS, "10.0.0.1:24/inet": "inet:localhost:9999"},
        ports="587, 465", master_changes=True,
        doctor=[("postfix.not-asked", "smtp/inet: smtpd_milters"),
                ("postfix.not-asked", "10.0.0.1:24/inet: smtpd_milters"), ("postfix.no-milters", "10.0.0.1:24/inet")],
        notes=["smtpd_sender_login_maps is not set", "smtp (inet) has its smtpd_milters set to nothing", "10.0.0.1:24 (inet) asks no milters",
               "milter_default_action is accept"])),
}
