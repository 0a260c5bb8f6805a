"""The disk of the records is full, broken or slow: no message waits for it, and what was lost is counted and said."""

import errno
import re

import pytest

from daemon import CONFIG, HISTORY
from harness.waiting import PATIENCE, wait_until
from injector import EVER
from loading import Load, at_most, in_milliseconds

MESSAGES = 400
P99 = at_most(100)  # of a whole message
RECORDS = "decisions.jsonl"


@pytest.fixture
def gate(start_daemon):
    gate = start_daemon(config=CONFIG + HISTORY, injected=True)
    gate.check_signed(gate.play())
    gate.record()
    return gate


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_records_cannot_be_written(gate, tell, reason):
    gate.injector.fail("write", 1, EVER, reason, path=RECORDS)
    result = Load(gate.daemon, MESSAGES).result()
    wait_until(lambda: gate.injector.struck("write"), "a record that is not written")
    assert result["p99_us"] < P99
    gate.daemon.wait_for_log("records are lost until it works again", PATIENCE)
    gate.injector.clear("write")

    def written_again():
        assert gate.play().accepted
        return "records are written again" in gate.daemon.log()

    wait_until(written_again, "records to be written again", explain=gate.daemon.log)
    lost = int(re.search(r"records are written again; (\d+) were lost", gate.daemon.log())[1])
    sent = MESSAGES + 1
    assert 0 < lost
    wait_until(lambda: len(gate.daemon.records()) - gate.seen + lost >= sent, "the records that were not lost",
               explain=gate.daemon.log)
    tell(f"records fail with {errno.errorcode[reason]}: a message takes", in_milliseconds(result))
    gate.seen = len(gate.daemon.records())


def test_none_goes_without_a_record_where_that_is_asked_for(gate):
    gate.daemon.template = gate.daemon.template.replace("log: {{ syslog", 'log: {{ on_error = "tempfail"; syslog')
    gate.daemon.configure()
    gate.daemon.reload()
    gate.daemon.wait_for_log("reloaded:")
    gate.injector.fail("write", 1, EVER, errno.EIO, path=RECORDS)
    wait_until(lambda: gate.play().reply.code == 4, "a 451")
    gate.injector.clear("write")
    wait_until(lambda: gate.play().accepted, "mail to go on", explain=gate.daemon.log)
    gate.settle()
    gate.seen = len(gate.daemon.records())


@pytest.mark.parametrize("call", ["write", "fsync", "pwrite"])
def test_slow(gate, tell, call):
    """Each takes two seconds: of the records, or of the history."""
    gate.injector.fail(call, 1, EVER, 0, delay=2000, path="/log/" if call == "write" else "/lib/")
    result = Load(gate.daemon, 2 * MESSAGES).result()
    wait_until(lambda: gate.injector.struck(call), f"a {call} that is late")
    gate.injector.clear(call)
    assert result["p99_us"] < P99
    tell(f"each {call} takes two seconds: a message takes", in_milliseconds(result))
    wait_until(lambda: len(gate.daemon.records()) - gate.seen >= 2 * MESSAGES, "all records", explain=gate.daemon.log)
    gate.seen = len(gate.daemon.records())


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_the_history_cannot_be_written(gate, tell, reason):
    gate.injector.fail("pwrite", 1, EVER, reason, path="/lib/")
    result = Load(gate.daemon, MESSAGES).result()
    wait_until(lambda: gate.injector.struck("pwrite"), "a row that is not written")
    assert result["p99_us"] < P99
    gate.daemon.wait_for_log("mail goes on", PATIENCE)
    gate.injector.clear("pwrite")
    gate.daemon.wait_for_log("is written again", PATIENCE)
    tell(f"the history fails with {errno.errorcode[reason]}: a message takes", in_milliseconds(result))
    wait_until(lambda: len(gate.daemon.records()) - gate.seen >= MESSAGES, "all records")
    gate.seen = len(gate.daemon.records())
