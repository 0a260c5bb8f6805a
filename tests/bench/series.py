"""What submilter's own cost grows with. Each series gives rows: a label and figures."""

import shutil
import threading
import time
from pathlib import Path

from bench_site import DOMAIN
from blocks import BLOCKS
from harness.submilter import USER
from many_keys import key_texts, write_keys
from measure import Load, children, median_row, rss_kb, run_load
from milters import Submilter

LOGINS = 100  # of the load client
SETTLED = 4  # seconds: what was written longer ago need not be read again (policy/file_state.h)


def write_table(path, rows, more=""):
    with open(path, "w", encoding="ascii") as out:
        for number in range(max(rows, LOGINS)):
            out.write(f"user{number}@{DOMAIN} user{number}@{DOMAIN}\n")
        out.write(more)


def key_folder(site, texts):
    """A folder with the site's own RSA key and those of other domains."""
    folder = Path(site.folder / f"keys-{len(texts)}")
    if not folder.exists():
        shutil.copytree(site.keys["rsa"], folder)
        write_keys(folder, texts)
    return folder


def _loaded(site, seconds, **settings):
    """A row of a daemon with these settings: how long its start took, and what a message costs."""
    milter = Submilter(site, **settings)
    began = time.monotonic()
    with milter:
        took = time.monotonic() - began
        run_load(milter, Load(seconds=1))
        return {**run_load(milter, Load(seconds=seconds)), "start_s": took}


def senders(site, seconds, sizes):
    for size in sizes:
        path = site.folder / f"senders-{size}"
        write_table(path, size)
        yield f"{max(size, LOGINS):,} lines", _loaded(site, seconds, senders=[f"texthash:{path}"])
        path.unlink()


def keys(site, seconds, sizes):
    texts = key_texts(max(sizes))
    for size in sizes:
        folder = key_folder(site, texts[:size - 1])
        yield f"{size:,}", _loaded(site, seconds, keys=folder)
        shutil.rmtree(folder)


def blocks(site, seconds):
    with Submilter(site) as milter:
        for block in BLOCKS:
            path = block.write(site.folder)
            load = Load(seconds=seconds, block=str(path), expect=block.action)
            yield block.name, run_load(milter, load)


def recipients(site, seconds, counts):
    with Submilter(site) as milter:
        for count in counts:
            yield f"{count:,}", run_load(milter, Load(seconds=seconds, recipients=count))


def threads(pid):
    return sum(len(list(Path(f"/proc/{each}/task").iterdir())) for each in children(pid))


def connections(site, seconds, counts, stages=("helo", "body")):
    """Memory for each session that is open, and what the others notice of them."""
    for stage in stages:
        for count in counts:
            with Submilter(site) as milter:
                run_load(milter, Load(seconds=1))
                before = rss_kb(milter.pid)
                result = run_load(milter, Load(seconds=seconds, hold=count, hold_at=stage),
                                  lambda: (rss_kb(milter.pid), threads(milter.pid)))
                held = result["held"] or (before, 0)
                result["kb_each"] = (held[0] - before) / count if count else 0
                result["threads"] = held[1]
                yield f"{count:,} after {stage}", result


class Background(threading.Thread):
    """A load that runs while something else is done."""

    def __init__(self, milter, load):
        super().__init__()
        self.milter, self.load, self.result, self.problem = milter, load, None, None
        self.start()

    def run(self):
        try:
            self.result = run_load(self.milter, self.load)
        except BaseException as problem:  # pylint: disable=broad-except
            self.problem = problem

    def end(self):
        self.join()
        if self.problem:
            raise self.problem
        return self.result


def reload(site, seconds, rounds, key_count, rows):
    """What messages notice of a reload, and how long it takes, alone and beside them: where all keys and the table are
    new, where one key and one line are, and where nothing is. The median of some rounds."""
    table = site.folder / "senders-reload"
    write_table(table, rows)
    texts = key_texts(key_count - 1)
    folder = key_folder(site, texts)

    def change(count, how_often):
        """So many keys, and a line of the table, differ from what they were."""
        if not count:
            return
        first = how_often % 2 or -count  # other texts each time
        write_keys(folder, (texts + texts)[first:][:count])
        for number in range(count):  # the others' ctime stays
            shutil.chown(folder / f"d{number:05}.example" / "bench.pem", USER)
        write_table(table, rows, f"changed{count}x{how_often}@{DOMAIN} user0@{DOMAIN}\n")

    with Submilter(site, keys=folder, senders=[f"texthash:{table}"]) as milter:
        run_load(milter, Load(seconds=1))
        cases = {"no reload": None, "all new": len(texts), "one key, one line": 1, "nothing new": 0}
        found = {name: [] for name in cases}
        for number in range(rounds):
            for name, count in cases.items():
                if count is None:
                    found[name].append({**run_load(milter, Load(seconds=seconds)), "alone_s": 0, "reload_s": 0})
                    continue
                time.sleep(SETTLED)
                milter.reload()
                change(count, 2 * number)
                alone = milter.reload()
                change(count, 2 * number + 1)
                load = Background(milter, Load(seconds=seconds))
                time.sleep(0.3)  # the load has begun
                took = milter.reload()
                found[name].append({**load.end(), "alone_s": alone, "reload_s": took})
    for name, results in found.items():
        yield name, median_row(results, ("per_second", "p50_us", "p99_us", "max_us", "alone_s", "reload_s"))
    shutil.rmtree(folder)
    table.unlink()

