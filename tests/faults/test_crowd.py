"""More sessions than anybody works with: idle ones, such as have stopped in the midst of a message or of a packet."""

import contextlib
import resource

from harness.milter_wire import Session
from harness.waiting import wait_until
from loading import Load, at_most, in_milliseconds

MB = 1 << 20
P99 = at_most(50)  # of a whole message


def status(daemon, name):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f"{name}:"))


def held(daemon, count, stage):
    """So many sessions, that have come as far as this; they leave when the load is told to go on."""
    load = Load(daemon, 1, "--hold", count, "--hold-at", stage)
    assert load.process.stdout.readline() == f"held {count}\n", load.process.stderr.read()
    return load


def test_idle_and_working_sessions(start_daemon, long_form, tell):
    gate = start_daemon()
    idle, working = held(gate.daemon, 2000, "helo"), held(gate.daemon, 200, "body")
    result = Load(gate.daemon, 4000 if long_form else 1000).result()
    size, threads = status(gate.daemon, "VmRSS") >> 10, status(gate.daemon, "Threads")
    idle.result()
    working.result()
    tell("2,000 idle sessions, 200 in the midst of a message: a message takes", in_milliseconds(result))
    tell("memory and threads with them", f"{size} MB, {threads} threads")
    assert size < 256 and threads < 300
    assert result["p99_us"] < P99


def test_half_packets(start_daemon, tell):
    """libmilter keeps a thread for each."""
    gate = start_daemon()
    with contextlib.ExitStack() as stack:
        for number in range(1000):
            session = stack.enter_context(Session(gate.daemon.socket, negotiate=False))
            session.raw(b"\0\0\0\x0dO\0\0"[:1 + number % 7])
        wait_until(lambda: status(gate.daemon, "Threads") > 500, "threads for them")
        result = Load(gate.daemon, 200).result()
        size, threads = status(gate.daemon, "VmRSS") >> 10, status(gate.daemon, "Threads")
    tell("1,000 half-sent packets: a message takes", in_milliseconds(result))
    tell("memory and threads with them", f"{size} MB, {threads} threads")
    assert size < 256
    wait_until(lambda: status(gate.daemon, "Threads") < 50, "the threads to end")


def test_ten_thousand_idle(start_daemon, long_form, tell):
    """It stays up; what a message takes then is libmilter's, which looks through all of them at each packet."""
    count = min(10_000 if long_form else 3000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 500)
    gate = start_daemon()
    idle = held(gate.daemon, count, "helo")
    result = Load(gate.daemon, 200).result()
    size = status(gate.daemon, "VmRSS") >> 10
    idle.result()
    tell(f"{count:,} idle sessions: a message takes", in_milliseconds(result))
    tell("memory with them", f"{size} MB")
    assert size < 256
