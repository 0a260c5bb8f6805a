"""When something is broken the answer is 4xx: later, never yes and never a no for good."""

import signal

import pytest

from harness.build import program
from harness.process import run
from harness.submission import Submission, open_session, submit, transaction
from harness.unit_file import confined
from harness.waiting import wait_until

GOOD = b"From: alice@example.com\r\n\r\nx\r\n"
MAIL = Submission("second", message=GOOD)


def is_later(reply):
    return 400 <= reply.code < 500


def test_killed_and_started_again(second):
    site, daemon = second
    with open_session(site, MAIL) as client:
        assert transaction(client, MAIL).accepted
        client.mail()
        client.rcpt()
        daemon.kill()
        assert is_later(client.data(GOOD))
        client.command("RSET")  # over TCP Postfix already refuses DATA itself, and the transaction goes on
        assert is_later(client.mail()), "Postfix stays in error until the client leaves"
        client.quit()
    assert is_later(submit(site, MAIL).reply)
    daemon.start()
    assert submit(site, MAIL).accepted


def test_killed_between_commands(second):
    site, daemon = second
    with open_session(site, MAIL) as client:
        daemon.kill()
        assert is_later(transaction(client, MAIL).reply)


def test_stopped_while_a_session_is_open(second):
    """SIGTERM: the daemon ends by itself, and what comes after is deferred."""
    site, daemon = second
    with open_session(site, MAIL) as client:
        assert transaction(client, MAIL).accepted
        daemon.stop()
        assert is_later(transaction(client, MAIL).reply)


def test_no_key(second):
    site, daemon = second
    for key in (daemon.keys / "example.com").iterdir():
        key.unlink()
    daemon.reload()
    outcome = submit(site, MAIL)
    assert outcome.stage == "END" and outcome.reply.code == 451
    assert outcome.reply.text.startswith("4.7.5 ") and "[dkim.no-key " in outcome.reply.text


def test_no_key_where_unsigned_mail_is_allowed(second):
    site, daemon = second
    for key in (daemon.keys / "example.com").iterdir():
        key.unlink()
    daemon.write_config(policies={"submission": {"dkim": {"on_missing_key": "accept"}}})
    daemon.reload()
    assert site.signatures(site.sink.wait(submit(site, MAIL).queue_id).data, daemon) == []


def test_records_cannot_be_written(second):
    """log.on_error = "tempfail": no mail goes without a record."""
    site, daemon = second
    daemon.write_config(log={"json": "/dev/full", "on_error": "tempfail"})
    daemon.reload()
    wait_until(lambda: is_later(submit(site, MAIL).reply), "mail to be deferred for want of a record")
    daemon.write_config()
    daemon.reload()
    assert submit(site, MAIL).accepted


def test_records_cannot_be_written_and_mail_goes_on(second):
    site, daemon = second
    daemon.write_config(log={"json": "/dev/full", "on_error": "continue"})
    daemon.reload()
    assert all(submit(site, MAIL).accepted for _ in range(5))
    daemon.server.wait_ready(lambda: "/dev/full" in daemon.server.printed(), "says that it cannot write")


def test_a_bad_configuration_does_not_start(second):
    _, daemon = second
    daemon.config.write_text('domains = [ "example.com" ];\nsokcet = "unix:/x";\n')
    done = run(program("milter/submilter"), "-n", "-c", daemon.config, check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 78
    assert f"{daemon.config}:2" in said and "sokcet" in said and "socket" in said


def test_a_good_configuration_is_good(second):
    _, daemon = second
    assert run(program("milter/submilter"), "-n", "-c", daemon.config, check=False).returncode == 0


def test_a_second_daemon_does_not_take_the_socket(site):
    """It refuses to start, and the first one goes on."""
    done = run(program("milter/submilter"), "-f", "-c", site.submilter.config, check=False)
    assert done.returncode != 0
    assert str(site.submilter.address) in (done.stdout + done.stderr).decode()
    assert submit(site, Submission(message=GOOD)).accepted


@pytest.mark.skipif(confined(), reason="it lies in a folder that the unit lets nobody write to")
def test_a_stale_socket_is_taken_over(site):
    """What a killed daemon left behind does not keep the next one from starting."""
    daemon = site.new_submilter("stale", site.folder / "stale.sock", site.submilter.keys)
    daemon.start()
    daemon.server.send(signal.SIGKILL)
    daemon.server.process.wait()
    assert daemon.address.exists()
    daemon.start()
    daemon.stop()
