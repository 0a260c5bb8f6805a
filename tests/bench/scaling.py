"""What a second processor brings, and what libmilter's pool of workers costs or saves. Rows as those of series.py."""

import contextlib
import os
import statistics

from machine import rsa_signatures
from measure import Load, median_row, rss_kb, run_load
from milters import Bare, Idle, Submilter
from series import threads

WITHOUT_POOL = "LIBMILTER_WITHOUT_POOL"  # the folder that the script libmilter_without_pool has made


@contextlib.contextmanager
def on_processors(numbers):
    """What is started within runs on these only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, numbers)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _median_row(results):
    return median_row(results, ("per_second", "cpu_us", "p50_us", "p99_us"))


def _signing_alone(rounds):
    """What two processors of this machine are to one where nothing is shared: the most that there is to be had."""
    found = {1: [], 2: []}
    for _ in range(rounds):
        for count, rates in found.items():
            rates.append(rsa_signatures(count))
    nothing = dict.fromkeys(("cpu_us", "p50_us", "p99_us"))
    for count, name in ((1, "one processor"), (2, "two processors")):
        scale = statistics.median(two / one for one, two in zip(*found.values())) if count == 2 else None
        yield f"openssl speed, {name}", {**nothing, "per_second": statistics.median(found[count]), "scale": scale}


def processors(site, seconds, rounds, connections=32):
    """MTA and milter together on one processor, then on two: the load client has to have one, too. "scale" is what
    two do by what one does, the median of all rounds."""
    yield from _signing_alone(rounds)
    for kind in (Submilter, Bare):
        daemons, found = {}, {1: [], 2: []}
        with contextlib.ExitStack() as stack:
            for count in found:
                with on_processors(range(count)):
                    daemons[count] = stack.enter_context(kind(site))
                    run_load(daemons[count], Load(seconds=1))
            for _ in range(rounds):
                for count, daemon in daemons.items():
                    with on_processors(range(count)):
                        found[count].append(run_load(daemon, Load(seconds=seconds, connections=connections)))
        ratios = [two["per_second"] / one["per_second"] for one, two in zip(found[1], found[2])]
        yield f"{kind.name}, one processor", {**_median_row(found[1]), "scale": None}
        yield f"{kind.name}, two processors", {**_median_row(found[2]), "scale": statistics.median(ratios)}


def _with_library(kind, folder):
    class WithLibrary(kind):
        def command(self):
            return ["env", f"LD_LIBRARY_PATH={folder}", *super().command()]
    return WithLibrary if folder else kind


def pool(site, seconds, rounds, held=2000):
    """Debian's libmilter hands each burst of a session to one of some workers; without that pool it has a thread for
    each session."""
    for kind in (Submilter, Idle):
        daemons = {}
        with contextlib.ExitStack() as stack:
            for name, folder in (("with", None), ("without", os.environ[WITHOUT_POOL])):
                daemons[name] = stack.enter_context(_with_library(kind, folder)(site))
                run_load(daemons[name], Load(seconds=1))
            for connections in (1, 4, 32):
                found = {name: [] for name in daemons}
                for _ in range(rounds):
                    for name, daemon in daemons.items():
                        found[name].append(run_load(daemon, Load(seconds=seconds, connections=connections)))
                for name, results in found.items():
                    yield f"{kind.name}, {connections} connections, {name} the pool", \
                        {**_median_row(results), "kb_each": None, "threads": None}
            for name, daemon in daemons.items():
                before = rss_kb(daemon.pid)
                result = run_load(daemon, Load(seconds=seconds, hold=held),
                                  lambda pid=daemon.pid: (rss_kb(pid), threads(pid)))
                memory, count = result["held"]
                yield f"{kind.name}, beside {held:,} idle, {name} the pool", \
                    {**result, "kb_each": (memory - before) / held, "threads": count}
