"""Steps that break a site of the doctor's, and what a row of the breaks says."""

from dataclasses import dataclass

from harness.process import free_ports
from harness.smtp import SmtpClient
from harness.waiting import accepts, wait_until

GUARDED = "{ MILTER, default_action=tempfail }"
# What rspamd's package brings, without the words.
RSPAMD_SIGNS = """dkim_signing {
  sign_local = true;
  .include(try=true,priority=1,duplicate=merge) "$LOCAL_CONFDIR/local.d/dkim_signing.conf"
  .include(try=true,priority=10) "$LOCAL_CONFDIR/override.d/dkim_signing.conf"
}
"""

# Rules that allow one mechanism more than the built-in policies, and one alone.
OLD = {"auth": {"mechanisms": ["CRAM-MD5", "PLAIN", "LOGIN", "SCRAM-SHA-256"]}}
SCRAM = {"auth": {"mechanisms": ["SCRAM-SHA-256"]}}


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


def at_submission(rules, *besides):
    """The submission service's users are judged by a policy of their own; but for those of other listeners."""

    def provoke(site):
        ports = [site.postfix.port("submission")]
        configured(policies={"own": {"base": "submission", **rules}}, listeners=[
            *({"name": f"besides{number}", "ports": ports, **each} for number, each in enumerate(besides)),
            {"name": "own", "ports": ports, "policy": "own"}, *site.submilter.settings["listeners"]])(site)

    return provoke


def all_of(*steps):
    def provoke(site):
        for step in steps:
            step(site)

    return provoke


def reconfigured(site):
    site.submilter.write_config()
    site.submilter.reload()


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
