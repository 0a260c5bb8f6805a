"""What a second processor brings, and what libmilter's pool of workers costs or saves. Rows as those of series.py."""

import concurrent.futures
import contextlib
import os
import statistics

from measure import Load, median_row, rss_kb, run_load
from milters import Bare, Idle, Submilter
from series import threads

FIGURES = ("per_second", "cpu_us", "p50_us", "p99_us")
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
    return median_row(results, FIGURES)


def _apart(daemons, load):
    """Each daemon and a load client of its own on a processor of their own, at the same time: messages of all."""
    def run(number, daemon):
        with on_processors({number}):  # of this thread, and of what it starts
            return run_load(daemon, load)
    with concurrent.futures.ThreadPoolExecutor(len(daemons)) as pool:
        results = list(pool.map(run, range(len(daemons)), daemons))
    return {name: sum(result[name] for result in results) if name == "per_second"
            else statistics.mean(result[name] for result in results) for name in FIGURES}


def processors(site, seconds, rounds, connections=32):
    """MTA and milter together on one processor, then on two (the load client has to have one, too), then one of each
    on either processor, where nothing is shared: the most that there is to be had. "scale" is what two do by what one
    does, the median of all rounds."""
    for kind in (Submilter, Bare):
        found = {"one processor": [], "two processors": [], "one on each of two": []}
        with contextlib.ExitStack() as stack:
            def started(numbers):
                with on_processors(numbers):
                    daemon = stack.enter_context(kind(site))
                    run_load(daemon, Load(seconds=1))
                    return daemon
            one, other, both = started({0}), started({1}), started({0, 1})
            for _ in range(rounds):
                with on_processors({0}):
                    found["one processor"].append(run_load(one, Load(seconds=seconds, connections=connections)))
                found["two processors"].append(run_load(both, Load(seconds=seconds, connections=connections)))
                found["one on each of two"].append(
                    _apart([one, other], Load(seconds=seconds, connections=connections // 2)))
        for name, results in found.items():
            ratios = [two["per_second"] / one["per_second"] for one, two in zip(found["one processor"], results)]
            scale = None if name == "one processor" else statistics.median(ratios)
            yield f"{kind.name}, {name}", {**_median_row(results), "scale": scale}


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
