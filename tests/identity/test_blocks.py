"""Whatever whole message the policy lets pass as shipped, all readers take the same From out of it.

IDENTITY_FIELDS (an eighth as many messages are made) and IDENTITY_SEED say how many, and which."""

import os
import re
from collections import Counter

import pytest
from blocks import BlockGenerator
from compare import BARE, NOTHING, OTHER, OWN, SAME
from peers import block_peers
from seeds import blocks_from_cases, from_file
from study import Passed, studying

BLOCKS = int(os.environ.get("IDENTITY_FIELDS", "40000")) // 8
SEED = int(os.environ.get("IDENTITY_SEED", "1"))
SHOWN = 6
ROUND = 2000
PEERS = block_peers()
SENDINGS = [(mta, "alice@example.com", "alice@example.com", ends)
            for mta in ("postfix", "postfix+", "sendmail") for ends in ("-lf", "-crlf")]
# What differs and does no harm besides NOTHING: reader, class, what stands in the message, an example.
# A CR in quotes ends them for it; it reads a word then, which is nobody's address: an address in quotes is refused.
ARGUED = [("python compat32", BARE, re.compile(rb'From:[^"]*"[^"]*\r\n', re.I),
           b'From: "Jane\n Doe" <alice@example.com>\n\nhi\n')]
ATTACKS = [value[1:] for value, _ in from_file("blocks.txt")]


def is_argued(name, kind, leaves):
    return kind in (SAME, NOTHING) or any(
        (name, kind) == (reader, allowed) and pattern.search(leaves) for reader, allowed, pattern, _ in ARGUED)


@pytest.fixture(scope="module")
def study():
    with studying(PEERS) as running:
        yield running


@pytest.fixture(scope="module")
def readings(study):
    """{reader: how it reads each of what passes, as (Passed, class, found)}."""
    generator = BlockGenerator([*blocks_from_cases(), *ATTACKS], SEED)
    for begin in range(0, BLOCKS, ROUND):
        blocks = [(generator.chance.choice(SENDINGS), block)
                  for block in generator.blocks(min(ROUND, BLOCKS - begin))]
        for passed in study.judge(blocks):
            if passed:
                study.passed.setdefault(passed.leaves, passed)
                generator.accepted(passed.value)
    passed = list(study.passed.values())
    print(f"{BLOCKS} messages of seed {SEED}, {len(passed)} of them pass and differ from each other")
    return {name: [(one, kind, found) for one, (kind, found) in zip(passed, answers)]
            for name, answers in study.ask_all(passed).items()}


@pytest.mark.parametrize("name", [peer.name for peer in PEERS])
def test_reader_takes_the_same_from(study, readings, name):
    counts = Counter(kind for _, kind, _ in readings[name])
    assert counts[SAME] > len(study.passed) / 2, f"{name} reads hardly anything: {counts}"
    differ = [(one, kind, found) for one, kind, found in readings[name] if not is_argued(name, kind, one.leaves)]
    shown = []
    for one, kind, _ in differ[::len(differ) // SHOWN + 1]:
        small = study.shrink(name, one, kind)
        found = study.ask(name, [small])[0][1]
        shown.append(f"{' '.join(small.sending)}: {small.leaves}\n  we read {small.ours}, {name} {found} ({kind})")
    assert not differ, f"{len(differ)} differ:\n" + "\n".join(sorted(set(shown)))


def test_readers_differ_on_attacks(study):
    """What the other tests would see, were it to pass."""
    attacks = [Passed(SENDINGS[0], block, block, (b"alice@example.com",)) for block in ATTACKS]
    fooled, fooling = set(), set()
    for name, answers in study.ask_all(attacks).items():
        for one, (kind, _) in zip(attacks, answers):
            if kind in (OTHER, OWN):
                fooled.add(name)
                fooling.add(one.value)
    assert fooled == set(study.peers)
    assert len(fooling) > 0.4 * len(attacks), sorted(set(ATTACKS) - fooling)


@pytest.mark.parametrize("name, kind, pattern, example", ARGUED)
def test_argument_is_needed(study, name, kind, pattern, example):
    [passed] = study.judge([(SENDINGS[1], example)])
    assert passed and pattern.search(passed.leaves)
    assert study.ask(name, [passed])[0][0] == kind
