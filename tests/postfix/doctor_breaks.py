"""How each thing that the doctor finds comes about."""

import os
import shutil
import signal
import socket
import threading
import time
from dataclasses import dataclass

from harness.process import free_ports, run
from harness.smtp import SmtpClient
from harness.submilter import USER
from harness.submission import Submission, submit
from harness.waiting import accepts, wait_until

# Why no row provokes these.
UNPROVOKED = {
    "socket.unclear": "Postfix itself does not run then: its user or its queue folder is missing",
    "host.clock": "it is the kernel's, and no test may set it",
    "host.disk": "not yet: it takes a file system of its own",
    "host.process-user": "not yet: it takes a second user who may read the keys",
    "doctor.could-not-look": "has a test of its own, with its exit status",
}

GUARDED = "{ MILTER, default_action=tempfail }"


@dataclass
class Break:
    id: str
    provoke: object
    mend: object = None  # where the finding's mend is a sentence: what an admin would do then
    besides: tuple = ()  # findings that are due to the same cause
    arguments: tuple = ()
    after: object = None  # what has to happen before the doctor can see that it is mended
    note: str = ""

    @property
    def name(self):
        return f"{self.id}{'-' if self.note else ''}{self.note}"


def main_cf(**settings):
    """The setting in main.cf, and Postfix knows it."""

    def provoke(site):
        if settings:
            site.postconf("-e", *[f"{name} = {value}" for name, value in settings.items()])
        site.postfix_command("reload")

    return provoke


def in_service(name, **settings):
    def provoke(site):
        site.postconf("-P", *[f"{site.service(name)}/{key}={value}" for key, value in settings.items()])
        site.postfix_command("reload")

    return provoke


def milters(form):
    """form: the list, with {milter} for submilter's endpoint."""

    def provoke(site):
        value = form.replace("MILTER", site.milter)
        main_cf(smtpd_milters=value, non_smtpd_milters=value)(site)

    return provoke


def configured(**settings):
    """submilter.conf with this, and the daemon knows it."""

    def provoke(site):
        site.submilter.write_config(**settings)
        site.submilter.reload()

    return provoke


def all_of(*steps):
    def provoke(site):
        for step in steps:
            step(site)

    return provoke


def reconfigured(site):
    site.submilter.write_config()
    site.submilter.reload()


def without_keys(pattern):
    def provoke(site):
        for path in site.submilter.keys.glob(pattern):
            path.unlink()
        site.submilter.reload()

    return provoke


def chmod(path, mode):
    return lambda site: path(site).chmod(mode)


def socket_path(site):
    return site.submilter.address


def ended(site):
    site.submilter.kill()
    site.submilter.address.unlink(missing_ok=True)


def other_server(answer):
    """Another program at submilter's socket: it takes connections, and says that."""

    def provoke(site):
        ended(site)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(site.submilter.address))
        shutil.chown(site.submilter.address, USER, "postfix")
        site.submilter.address.chmod(0o660)
        listener.listen(10)
        site.other = listener

        def serve():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(100)
                    peer.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()

    return provoke


def other_ends(site):
    site.other.shutdown(socket.SHUT_RDWR)
    site.other.close()
    site.submilter.address.unlink()
    site.submilter.start()


def frozen(site):
    site.submilter.server.send(signal.SIGSTOP)


def live_but_older(site):
    """An smtpd process that was started before smtpd_tls_auth_only was set waits for clients."""
    in_service("submission", smtpd_tls_auth_only="no", smtpd_tls_security_level="may")(site)
    with SmtpClient(site.postfix.port("submission")) as client:
        assert "AUTH PLAIN" in client.ehlo().text.replace("\n", " ")
        client.quit()
    site.postconf("-P", f"{site.service('submission')}/smtpd_tls_auth_only=yes")


def etc_file(path, text):
    def provoke(site):
        file = site.private_etc() / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return provoke


def one_more_service(site):
    """In master.cf, and Postfix does not know it yet."""
    (port,) = free_ports(1)
    site.postconf("-M", f"127.0.0.1:{port}/inet=127.0.0.1:{port} inet n - n - - smtpd")
    site.postconf("-P", f"127.0.0.1:{port}/inet/smtpd_sasl_auth_enable=no")


def checks(parameter, text):
    def provoke(site):
        file = site.folder / "checks"
        file.write_text(text)
        main_cf(**{parameter: f"regexp:{file}"})(site)

    return provoke


def returning_filter(**more):
    """A content filter, and the service at which it hands mail back."""

    def provoke(site):
        (port,) = free_ports(1)
        name = f"127.0.0.1:{port}/inet"
        site.postconf("-e", "content_filter = smtp-amavis:[127.0.0.1]:9")
        site.postconf("-M", f"{name}=127.0.0.1:{port} inet n - n - - smtpd")
        site.postconf("-P", f"{name}/content_filter=", f"{name}/smtpd_recipient_restrictions=permit_mynetworks,reject")
        site.postfix_command("reload")
        wait_until(lambda: accepts(("127.0.0.1", port)), f"Postfix to listen at port {port}")

    return provoke


def one_message(site):
    message = b"From: alice@example.com\r\n\r\nx\r\n"
    count = len(site.submilter.records.lines())
    assert submit(site, Submission(message=message)).accepted
    site.submilter.records.wait_count(count + 1)


def stale(site):
    """The file changed, and mail went through after that."""
    site.submilter.write_config(timeout=100)
    # Records tell whole seconds.
    changed = int(site.submilter.config.stat().st_ctime)
    wait_until(lambda: time.time() >= changed + 1, "the next second")
    one_message(site)


def few_descriptors(site):
    ended(site)
    run("prlimit", "--nofile=1000:1000", *site.submilter.command("-c", site.submilter.config))


def table(site):
    site.submilter.senders.chmod(0o600)


OTHER = "{ inet:127.0.0.1"
BREAKS = [
    # socket
    Break("socket.not-running", ended),
    Break("socket.permission", chmod(socket_path, 0o600), note="socket"),
    Break("socket.permission", chmod(lambda site: site.submilter.address.parent, 0o700), note="folder"),
    Break("socket.silent", frozen, besides=("doctor.could-not-look",)),
    Break("socket.no-milter", other_server(b"220 mail.example.com ESMTP\r\n"), mend=other_ends),
    Break("socket.elsewhere", milters("{ unix:submilter/other.sock, default_action=tempfail }")),
    Break("socket.elsewhere", lambda site: milters(
        f"{{ unix:{site.submilter.address}, default_action=tempfail }}")(site), note="chroot"),
    Break("socket.outside-chroot", all_of(
        lambda site: configured(socket=f"unix:{site.folder}/outside.sock")(site),
        lambda site: milters(f"{{ unix:{site.folder}/outside.sock, default_action=tempfail }}")(site)),
        mend=all_of(reconfigured, milters(GUARDED)), besides=("socket.not-running", "postfix.not-asked", "postfix.non-smtpd")),
    Break("socket.open", chmod(socket_path, 0o666)),
    Break("socket.owner", lambda site: os.chown(site.submilter.address, 0, -1)),
    # failopen
    Break("postfix.default-action", milters("{ MILTER, default_action=accept }")),
    Break("postfix.default-action", all_of(milters("MILTER"), main_cf(milter_default_action="accept")),
          note="default"),
    Break("postfix.default-action", milters("inet:127.0.0.1:9, { MILTER, { default_action = quarantine } }"),
          note="beside-another"),
    Break("postfix.default-action", all_of(
        main_cf(guard="{ unix:submilter/submilter.sock, connect_timeout=20s, default_action=accept }"),
        main_cf(smtpd_milters="$guard", non_smtpd_milters="$guard")), note="variable"),
    Break("postfix.no-milters", main_cf(receive_override_options="no_milters,no_address_mappings")),
    Break("postfix.no-milters", in_service("smtps", receive_override_options="no_milters"), note="service"),
    Break("postfix.milter-maps", main_cf(smtpd_milter_maps="inline:{192.0.2.1=DISABLE}")),
    Break("postfix.milter-time-out", main_cf(milter_command_timeout="2s")),
    Break("postfix.milter-time-out", milters("{ MILTER, content_timeout=5s, default_action=tempfail }"),
          note="own"),
    # coverage
    Break("postfix.not-asked", in_service("submission", smtpd_milters="")),
    Break("postfix.not-asked", in_service("submission", smtpd_milters="inet:127.0.0.1:9"), note="another",
          besides=("doctor.could-not-look",)),
    Break("postfix.non-smtpd", main_cf(non_smtpd_milters="")),
    Break("postfix.submission-listener", configured(
        listeners=[{"name": "inbound", "policy": "inbound"}]), mend=reconfigured),
    Break("postfix.listener-port", lambda site: configured(listeners=[
        *site.submilter.settings["listeners"], {"name": "odd", "ports": [1], "policy": "inbound"}])(site),
        mend=reconfigured),
    Break("postfix.listener-daemon", lambda site: configured(listeners=[
        *site.submilter.settings["listeners"], {"name": "odd", "daemon": ["ORIGINATING"], "policy": "submission"}]
    )(site), mend=in_service("submission", milter_macro_daemon_name="ORIGINATING")),
    Break("postfix.bounces-unsigned", main_cf(internal_mail_filter_classes="")),
    Break("postfix.bounces-unsigned", main_cf(internal_mail_filter_classes="notify"), note="notify"),
    Break("postfix.bounces-refused", main_cf(myorigin="elsewhere.example")),
    # macros
    Break("postfix.milter-protocol", main_cf(milter_protocol="2"),
          besides=("postfix.macros",)),
    Break("postfix.macros", main_cf(milter_protocol="4", milter_connect_macros="j"),
          besides=("postfix.milter-protocol",)),
    Break("postfix.macro-defaults", main_cf(milter_macro_defaults="v=Postfix, auth_authen=root")),
    Break("postfix.macro-defaults", in_service("mx", milter_macro_defaults="{tls_version}=TLSv1.3"), note="service"),
    # offer
    Break("postfix.no-tls", in_service("submission", smtpd_tls_security_level="none", smtpd_tls_auth_only="yes")),
    Break("postfix.tls-optional", all_of(
        in_service("submission", smtpd_tls_security_level="may"),
        configured(policies={"submission": {"tls": {"mode": "observe"}}})), besides=("config.observed",)),
    Break("postfix.tls-auth-only", in_service(
        "submission", smtpd_tls_auth_only="no", smtpd_tls_security_level="may")),
    Break("postfix.no-login", in_service("smtps", smtpd_sasl_auth_enable="no")),
    Break("postfix.not-listening", one_more_service),
    Break("postfix.live-starttls", main_cf(smtpd_tls_key_file="/nonexistent"),
          mend=lambda site: main_cf(smtpd_tls_key_file=site.certificates.key)(site)),
    Break("postfix.live-login", live_but_older),
    Break("postfix.certificate", main_cf(smtpd_tls_cert_file="/nonexistent"), besides=("postfix.live-starttls",),
          mend=lambda site: main_cf(smtpd_tls_cert_file=site.certificates.cert)(site)),
    Break("postfix.certificate-expires", lambda site: site.renew_certificate(3),
          mend=lambda site: site.renew_certificate(60)),
    # restrictions
    Break("postfix.restriction-order", main_cf(
        smtpd_sender_restrictions="permit_sasl_authenticated, reject_sender_login_mismatch")),
    Break("postfix.restriction-order", in_service(
        "submission", smtpd_recipient_restrictions="permit_sasl_authenticated,"
        "reject_authenticated_sender_login_mismatch,reject"), note="service"),
    Break("postfix.delay-reject", main_cf(
        smtpd_delay_reject="no", smtpd_client_restrictions="permit_sasl_authenticated, permit_mynetworks, reject")),
    Break("postfix.sender-maps-differ", main_cf(smtpd_sender_login_maps="inline:{a@example.com=a}")),
    # newlines
    Break("postfix.bare-newline", main_cf(smtpd_forbid_bare_newline="no")),
    Break("postfix.bare-newline-exclusions", main_cf(smtpd_forbid_bare_newline_exclusions="0.0.0.0/0")),
    Break("postfix.pipelining", main_cf(smtpd_forbid_unauth_pipelining="no")),
    # rewriting
    Break("postfix.generic-maps", main_cf(smtp_generic_maps="inline:{alice@example.com=alice@example.net}")),
    Break("postfix.header-checks", checks("smtp_header_checks", "/^Received:/ IGNORE\n/^Subject:/ REPLACE Subject: x\n")),
    Break("postfix.milter-header-checks", checks("milter_header_checks", "/^DKIM-Signature:/ IGNORE\n")),
    Break("postfix.header-checks", main_cf(smtp_body_checks="regexp:/dev/null"), note="body"),
    Break("postfix.mime-conversion", main_cf(disable_mime_output_conversion="no")),
    Break("postfix.discards-8bitmime", main_cf(
        disable_mime_output_conversion="no", smtp_discard_ehlo_keywords="8bitmime"),
        besides=("postfix.mime-conversion",)),
    Break("postfix.line-length", main_cf(smtp_line_length_limit="512")),
    # signers
    Break("signers.judged-twice", returning_filter()),
    Break("signers.opendkim", all_of(
        etc_file("opendkim.conf", "Socket inet:9@127.0.0.1\nMode sv\n"), milters(f"{GUARDED}, {OTHER}:9, default_action=accept }}"))),
    Break("signers.rspamd", all_of(
        etc_file("rspamd/modules.d/dkim_signing.conf", "dkim_signing {\n  sign_local = true;\n}\n"),
        etc_file("rspamd/local.d/dkim_signing.conf", "selector = \"s1\";\n"), milters(f"{GUARDED}, {OTHER}:11332, default_action=accept }}"))),
    Break("signers.amavis", etc_file("amavis/conf.d/50-user", (
        "$enable_dkim_signing = 1;\ndkim_key('example.com', 's1', '/etc/dkim.pem');\n1;  # ensure a defined return\n"))),
    # keys
    Break("keys.missing", configured(domains=["example.com", "example.org", "bücher.example", "new.example"])),
    Break("keys.no-rsa", without_keys("example.org/s1.pem")),
    Break("keys.no-ed25519", without_keys("example.org/s1e.pem")),
    Break("keys.foreign", configured(domains=["example.com", "bücher.example"])),
    Break("keys.unusable", chmod(lambda site: site.submilter.keys / "example.org" / "s1.pem", 0o644)),
    Break("keys.old", lambda site: os.utime(site.submilter.keys / "example.org" / "s1.pem", (0, 0))),
    # host
    Break("host.log", lambda site: (site.submilter.records.path.touch(), os.chown(site.submilter.records.path, 0, 0),
                                    site.submilter.records.path.chmod(0o600))),
    Break("host.log", lambda site: configured(log={"json": site.submilter.logs / "more" / "x.jsonl"})(site),
          note="folder"),
    Break("host.log-large", lambda site: os.truncate(site.submilter.records.path, 2 << 30),
          after=lambda site: site.submilter.logs.joinpath("decisions.jsonl.1").unlink()),
    Break("host.descriptors", few_descriptors),
    # config
    Break("config.broken", lambda site: site.submilter.config.write_text("nonsense = 1;\n"),
          mend=lambda site: site.submilter.write_config()),
    Break("config.no-domains", configured(domains=[]), mend=reconfigured, besides=("keys.foreign", "postfix.bounces-refused")),
    Break("config.stale", stale, after=one_message),
    Break("config.observed", configured(policies={"submission": {"from": {"mode": "observe"}}}), mend=reconfigured),
    Break("config.table", table),
]
