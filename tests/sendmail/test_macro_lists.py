"""Lists of macros in the .mc: what submilter asks for by itself comes all the same.

So `submilterctl doctor` has nothing to say of confMILTER_MACROS_*. When this fails after an upgrade of
Sendmail, it has to.
"""

from harness.probe import Probe
from harness.sendmail import Sendmail, Service
from harness.site import Site
from harness.submission import Submission, submit

ASKED = {
    "connect": "j v {daemon_port} {daemon_name} {client_addr}",
    "helo": "{tls_version} {cipher} {cipher_bits}",
    "mail": "i {tls_version} {cipher} {cipher_bits} {auth_type} {auth_authen}",
    "rcpt": "i",
    "eom": "i",
}
STAGES = ("CONNECT", "HELO", "ENVFROM", "ENVRCPT", "DATA", "EOH", "EOM")
LISTS = "".join(f"define(`confMILTER_MACROS_{stage}', `b')dnl\n" for stage in STAGES)


def test_lists_of_the_mc_take_nothing_away():
    probe = Probe(ASKED)
    try:
        milter = Sendmail.milter(f"inet:{probe.port}@127.0.0.1") + "\n" + LISTS
        with Site([Service("probed")], milter, Sendmail) as site:
            assert "O Milter.macros.envfrom=b\n" in site.mta.config.read_text()
            outcome = submit(site, Submission("probed", helo="lists.example.net"))
            assert outcome.accepted, outcome.reply
            told = probe.wait("helo", b"lists.example.net")
    finally:
        probe.stop()
    assert told.named("connect")[0].macros["daemon_name"] == b"probed"
    mail = told.named("mail")[0].macros
    assert {"i", "tls_version", "cipher", "cipher_bits", "auth_type", "auth_authen"} <= mail.keys(), mail
