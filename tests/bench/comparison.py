"""submilter beside its peers: the same load on each in turn, round after round."""

import statistics
from dataclasses import dataclass, field

from bench_site import ALGORITHMS
from harness.verify import by_dkimpy
from measure import Load, run_load, rss_kb
from milters import ALL, OpenDKIM, Submilter


@dataclass(frozen=True)
class Cell:
    name: str
    load: Load = field(default_factory=Load, hash=False, compare=False)
    kind: str = "rsa"
    over: str = "unix"


SMALL, MIDDLE, LARGE = 4096, 100_000, 5_000_000
MAIN = "4 connections, 1 message each"
MAIN_TURNS = 3  # a round: what the goals are about
CELLS = (
    Cell("1 connection, 1 message each", Load(connections=1)),
    Cell(MAIN),
    Cell("32 connections, 1 message each", Load(connections=32)),
    Cell("1 connection, 20 messages", Load(connections=1, per_connection=20)),
    Cell("4 connections, 20 messages", Load(per_connection=20)),
    Cell("32 connections, 20 messages", Load(connections=32, per_connection=20)),
    Cell("100 KB", Load(body=MIDDLE)),
    Cell("5 MB", Load(body=LARGE)),
    Cell("inet", over="inet"),
    Cell("inet, 100 KB", Load(body=MIDDLE), over="inet"),
    Cell("Ed25519", kind="ed25519"),
    Cell("RSA and Ed25519", kind="both"),
)
QUICK = (MAIN, "inet", "RSA and Ed25519", "100 KB")


def signs(milter, kind):
    return milter is not OpenDKIM or len(ALGORITHMS[kind]) == 1


class Comparison:
    """figures[cell name][milter name]: one result a round."""

    def __init__(self, site, cells, rounds, seconds, say):
        self.site, self.cells, self.rounds, self.seconds, self.say = site, cells, rounds, seconds, say
        self.figures = {cell.name: {} for cell in cells}
        self.idle_kb = {}
        self.running = {}

    def run(self):
        try:
            for cell in self.cells:
                for milter in ALL:
                    if signs(milter, cell.kind):
                        self._start(milter, cell)
            for number in range(self.rounds):
                self.say(f"round {number + 1} of {self.rounds}")
                for cell in self.cells:
                    for turn in range(MAIN_TURNS if cell.name == MAIN else 1):
                        self._round(cell, number + turn)
        finally:
            for milter in self.running.values():
                milter.stop()

    def _start(self, milter, cell):
        key = milter, cell.kind, cell.over
        if key in self.running:
            return
        self.running[key] = one = milter(self.site, cell.kind, cell.over)
        one.start()
        self.idle_kb.setdefault(milter.name, rss_kb(one.pid))
        self._check_signatures(one)
        run_load(one, Load(seconds=1))  # nobody is measured cold

    def _check_signatures(self, milter):
        """That a signature comes is seen by the load client at each message; that it is a good one is seen here."""
        sample = milter.folder / "sample.eml"
        run_load(milter, Load(messages=1, sample=str(sample)))
        text = sample.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        found = by_dkimpy(text, self.site.dns(milter.kind))
        wanted = ALGORITHMS[milter.kind] if milter.signs else []
        assert sorted(each.algorithm for each in found) == sorted(wanted) and all(each.valid for each in found), \
            f"{milter.name} signs wrongly: {found}"

    def _round(self, cell, number):
        turn = number % len(ALL)  # nobody is always first
        for milter in ALL[turn:] + ALL[:turn]:
            if not signs(milter, cell.kind):
                continue
            load = Load(**{**vars(cell.load), "seconds": self.seconds})
            result = run_load(self.running[milter, cell.kind, cell.over], load)
            self.figures[cell.name].setdefault(milter.name, []).append(result)

    def values(self, cell, milter, figure):
        return [result[figure] for result in self.figures.get(cell, {}).get(milter, [])]

    def _by_round(self, values):
        """One a round, of a cell that has several turns in it, too."""
        turns = len(values) // self.rounds
        return [statistics.median(values[at:at + turns]) for at in range(0, len(values), turns or 1)]

    def ratios(self, figure, cell, milter, other_cell=None, own=Submilter.name):
        """submilter's by another's, a ratio a turn, or a round between two cells."""
        ours, theirs = self.values(cell, own, figure), self.values(other_cell or cell, milter, figure)
        if other_cell:
            ours, theirs = self._by_round(ours), self._by_round(theirs)
        return [a / b for a, b in zip(ours, theirs) if b]
