"""Nothing is lost where an allocation fails: valgrind looks, over a daemon's whole life."""

import pathlib

from daemon import CONFIG
from test_message_memory import SHAPES, outcome_of

FOUND = 97
VALGRIND = ("valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite", "--num-callers=20",
            f"--error-exitcode={FOUND}", "--soname-synonyms=somalloc=nouserintercepts",
            f"--suppressions={pathlib.Path(__file__).with_name('valgrind.supp')}")


def test_messages(start_daemon, long_form, tell):
    gate = start_daemon(config=CONFIG, injected=True, wrapper=VALGRIND, seconds=120)
    failed = 0
    for shape in SHAPES if long_form else ("good", "spoofed"):
        message, _, client, mta = SHAPES[shape]
        usual = outcome_of(gate, message, client, mta)
        number = misses = 0
        while misses < 3:
            number += 1 if long_form else 9
            gate.injector.fail("alloc", number)
            assert outcome_of(gate, message, client, mta, usual) in (usual, 451, None)
            struck = gate.injector.struck("alloc")
            gate.injector.clear("alloc")
            failed += struck
            misses = 0 if struck else misses + 1
    ended = gate.daemon.stop(120)
    assert ended == 0, "\n".join(line for line in gate.daemon.log().splitlines() if line.startswith("=="))
    tell(f"{failed:,} allocations failed under valgrind", "nothing lost, nothing read or written amiss")
