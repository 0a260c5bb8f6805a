"""One message handed in over SMTP: how it is done, and what became of it."""

from dataclasses import dataclass, field

from .dovecot import PASSWORD
from .smtp import Reply, SmtpClient


@dataclass(frozen=True)
class Submission:
    service: str = "submission"
    tls: str = "yes"  # or "no", or what alone the client speaks: a version, and maybe a cipher
    login: str = "alice@example.com"  # empty: nobody logs in
    mechanism: str = "PLAIN"
    helo: str = "client.example.net"
    xclient: str = ""  # XCLIENT's arguments, for a service that allows it; nothing where the MTA has no such thing
    mail_from: str = "<alice@example.com>"
    parameters: str = ""
    rcpts: tuple = ("<bob@example.net>",)
    message: bytes = b""


@dataclass
class Outcome:
    stage: str  # the command that was refused: AUTH, MAIL, RCPT, END (of the data), ...; "" for none
    reply: Reply  # the refusal, or the last reply
    refused_rcpts: list = field(default_factory=list)

    @property
    def accepted(self):
        return not self.stage

    @property
    def queue_id(self):
        return self.reply.queue_id


class Refused(Exception):
    """A session did not get as far as it should; args: the command and its reply."""


def _expect(stage, reply, code):
    if reply.code != code:
        raise Refused(stage, reply)


def open_session(site, how: Submission) -> SmtpClient:
    """A session that is greeted, encrypted and logged in as asked."""
    service = site.mta.services[how.service]
    context = site.certificates.client(*(how.tls.split() if how.tls.startswith("TLS") else ()))
    client = SmtpClient(service.port, context, service.wrapper)
    try:
        _expect("CONNECT", client.banner, 220)
        _expect("EHLO", client.ehlo(how.helo), 250)
        if how.xclient and site.mta.knows_xclient:
            _expect("XCLIENT", client.command(f"XCLIENT {how.xclient}"), 220)
            _expect("EHLO", client.ehlo(how.helo), 250)
        if how.tls != "no" and not service.wrapper:
            _expect("STARTTLS", client.starttls(), 220)
            _expect("EHLO", client.ehlo(how.helo), 250)
        if how.login:
            _expect("AUTH", client.auth(how.login, PASSWORD, how.mechanism), 235)
    except BaseException:
        client.close()
        raise
    return client


def submit(site, how: Submission) -> Outcome:
    try:
        client = open_session(site, how)
    except Refused as refused:
        return Outcome(*refused.args)
    with client:
        outcome = transaction(client, how)
        if outcome.reply.code != 421:  # with which the server hangs up
            client.quit()
    return outcome


def transaction(client, how: Submission) -> Outcome:
    """MAIL to the end of DATA in a session that is there already."""
    reply = client.mail(how.mail_from, how.parameters)
    if not reply.positive:
        return Outcome("MAIL", reply)
    refused = []
    for rcpt in how.rcpts:
        reply = client.rcpt(rcpt)
        if not reply.positive:
            refused.append(reply)
    if len(refused) == len(how.rcpts):
        return Outcome("RCPT", reply, refused)
    reply = client.data(how.message)
    return Outcome("" if reply.positive else "END", reply, refused)
