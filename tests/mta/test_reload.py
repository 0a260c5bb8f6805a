"""SIGUSR1: a whole new configuration, or the old one."""

import shutil

import pytest

from harness.submilter import NOT_RELOADED
from harness.submission import Submission, open_session, submit, transaction

GOOD = b"From: alice@example.com\r\n\r\nx\r\n"
AS_CEO = b"From: ceo@example.com\r\n\r\nx\r\n"


def refused_as(outcome):
    """The word in the bracket."""
    return outcome.reply.text.rsplit("[", 1)[1].split()[0]


def grant_ceo(daemon):
    rows = daemon.senders.read_text("utf-8")
    before = "ceo@example.com         ceo@example.com"
    assert before in rows
    daemon.senders.write_text(rows.replace(before, "ceo@example.com alice@example.com, ceo@example.com"), "utf-8")


def test_new_senders(second):
    site, daemon = second
    spoof = Submission("second", message=AS_CEO)
    assert refused_as(submit(site, spoof)) == "from.not-owned"
    grant_ceo(daemon)
    daemon.reload()
    assert submit(site, spoof).accepted


BAD = {
    "no libconfig": 'domains = [ "example.com"\nsocket = ;\n',
    "an unknown key": 'domians = [ "example.com" ];\n',
    "a wrong type": "domains = 7;\n",
    "an include": '@include "."\n',
    "binary": "\x00\x01\x02\n",
    "a senders table that is not there": 'senders: { tables = [ "texthash:/nonexistent" ]; };\n',
    "a listener without its policy": 'listeners: ( { name = "x"; policy = "nonexistent"; } );\n',
    "expectations that are not there": 'expectations = "/nonexistent/expectations";\n',
    "too large": "# " + "x" * 2_000_000 + "\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_bad_configuration_keeps_the_old(second, text):
    site, daemon = second
    before = submit(site, Submission("second", message=GOOD))
    daemon.config.write_text(text)
    said = daemon.reload(NOT_RELOADED)
    assert "nonexistent" in said or str(daemon.config) in said
    assert refused_as(submit(site, Submission("second", message=AS_CEO))) == "from.not-owned"
    after = submit(site, Submission("second", message=GOOD))
    configs = {daemon.records.wait_message(each.queue_id)["config"] for each in (before, after)}
    assert len(configs) == 1


def test_a_broken_expectation_keeps_the_old(second):
    """Under rows that grant what is not to be: nobody sends so, and all else goes on."""
    site, daemon = second
    expectations = daemon.senders.with_name("expectations")
    expectations.write_text("alice@example.com from ceo@example.com: refused from.not-owned\n")
    daemon.write_config(expectations=[expectations])
    daemon.reload()
    grant_ceo(daemon)
    assert f'{expectations}:1: "alice@example.com from ceo@example.com: refused from.not-owned" does not hold: ' \
           "it would be accepted, " in daemon.reload(NOT_RELOADED)
    assert refused_as(submit(site, Submission("second", message=AS_CEO))) == "from.not-owned"
    assert submit(site, Submission("second", message=GOOD)).accepted
    expectations.write_text("alice@example.com from ceo@example.com: accepted\n")
    daemon.reload()
    assert submit(site, Submission("second", message=AS_CEO)).accepted


def test_mended_after_a_bad_one(second):
    site, daemon = second
    daemon.config.write_text("nonsense")
    daemon.reload(NOT_RELOADED)
    daemon.write_config(policies={"submission": {"from": {"mode": "observe"}}})
    daemon.reload()
    assert submit(site, Submission("second", message=AS_CEO)).accepted


def test_a_message_keeps_the_configuration_that_it_began_with(second):
    site, daemon = second
    with open_session(site, Submission("second")) as client:
        client.mail()
        client.rcpt()
        grant_ceo(daemon)
        daemon.reload()
        assert "[from.not-owned " in client.data(AS_CEO).text
        assert transaction(client, Submission(message=AS_CEO)).accepted


def test_a_new_key_signs(second):
    site, daemon = second
    for old in (daemon.keys / "example.com").iterdir():
        old.unlink()
    daemon.new_key("example.com", "--selector", "next", "--type", "ed25519")
    daemon.reload()
    outcome = submit(site, Submission("second", message=GOOD))
    (result,) = site.signatures(site.sink.wait(outcome.queue_id).data, daemon)
    assert result.valid and result.selector == "next"


def test_a_bad_key_keeps_the_old_ones(second):
    site, daemon = second
    bad = daemon.keys / "example.com" / "bad.pem"
    bad.write_text("no key")
    bad.chmod(0o640)
    shutil.chown(bad, "root", "nogroup")
    assert str(bad) in daemon.reload(NOT_RELOADED)
    bad.unlink()
    outcome = submit(site, Submission("second", message=GOOD))
    results = site.signatures(site.sink.wait(outcome.queue_id).data, daemon)
    assert [each.valid for each in results] == [True, True]


def test_fifty_reloads_under_load(second):
    site, daemon = second
    with open_session(site, Submission("second")) as client:
        for _ in range(50):
            daemon.reload()
            assert transaction(client, Submission(message=GOOD)).accepted
            assert not transaction(client, Submission(message=AS_CEO)).accepted
