"""The file of records: moved away, full, gone; mail is never lost silently for it."""

import time

import pytest

from daemon import CONFIG, FREE
from harness.milter_mta import Message


def log(path, on_error):
    return CONFIG.replace('json = "{folder}/log/decisions.jsonl";',
                          f'json = "{path}"; on_error = "{on_error}";')


@pytest.mark.parametrize("path", ["/dev/full", "{folder}/gone/decisions.jsonl"])
def test_records_that_cannot_be_written_hold_mail_back(start_daemon, path):
    gate = start_daemon(config=log(path, "tempfail"))
    outcomes = []
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        outcomes.append(gate.play())
        if outcomes[-1].reply.code == 4:
            break
        time.sleep(0.05)
    assert outcomes[-1].reply.text.startswith("451 4."), outcomes[-1]
    assert len(outcomes) <= 3, "the first ones may have gone before the disk's answer"


@pytest.mark.parametrize("path", ["/dev/full", "{folder}/gone/decisions.jsonl"])
def test_records_that_cannot_be_written_let_mail_pass(start_daemon, path):
    gate = start_daemon(config=log(path, "continue"))
    for _ in range(5):
        gate.check_signed(gate.play())
        time.sleep(0.02)
    gate.daemon.wait_for_log("records are lost")


def test_rotation_loses_nothing(start_daemon):
    """logrotate moves the file away while messages pass."""
    gate = start_daemon()
    player = gate.player()
    count = 0
    for number in range(3):
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            assert player.message(Message()).accepted
            count += 1
            time.sleep(0.01)
        gate.daemon.records_file.rename(gate.daemon.folder / "log" / f"old.{number}")
    assert player.message(Message()).accepted
    player.session.close()
    assert gate.daemon.stop() == 0
    lines = sum(path.read_bytes().count(b"\n") for path in (gate.daemon.folder / "log").iterdir())
    assert lines == count + 1


@FREE
def test_the_file_comes_back(start_daemon):
    """The folder was not there, the admin makes it: records are written again by themselves."""
    gate = start_daemon(config=log("{folder}/gone/decisions.jsonl", "continue"))
    gate.play()
    gate.daemon.wait_for_log("records are lost")
    folder = gate.daemon.folder / "gone"
    folder.mkdir()
    folder.chmod(0o777)
    deadline = time.monotonic() + 15
    while not list(folder.iterdir()):
        gate.play()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    gate.daemon.wait_for_log("written again")
