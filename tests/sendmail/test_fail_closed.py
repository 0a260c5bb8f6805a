"""F=T: where submilter does not answer, mail waits with the client."""

from harness.process import free_ports
from harness.sendmail import Sendmail, Service
from harness.site import Site
from harness.submission import Submission, submit


def test_nobody_listens():
    nobody = Sendmail.milter(f"inet:{free_ports(1)[0]}@127.0.0.1")
    with Site([Service("alone")], nobody, Sendmail) as site:
        outcome = submit(site, Submission("alone", message=b"From: alice@example.com\r\n\r\nx\r\n"))
        assert 400 <= outcome.reply.code < 500 and not site.sink.deliveries
