"""Whatever the policy lets pass as shipped, all parsers that receivers use read as the same addresses.

IDENTITY_FIELDS and IDENTITY_SEED say how many fields are made, and which."""

import os
from collections import Counter
from pathlib import Path

import pytest
from allowed import read_allowed
from compare import OTHER, SAME
from generate import Generator
from peers import all_peers
from seeds import from_address_cases, from_cases, from_file
from study import SENDINGS, Passed, studying

FIELDS = int(os.environ.get("IDENTITY_FIELDS", "40000"))
SEED = int(os.environ.get("IDENTITY_SEED", "1"))
SHOWN = 8
PEERS = all_peers()
OWNERS = [("alice@example.com", "alice@example.com"), ("orgadmin@example.com", "office@example.org")]


@pytest.fixture(scope="module")
def study():
    with studying(PEERS) as running:
        yield running


@pytest.fixture(scope="module")
def compared(study):
    """({parser: differences that are not allowed}, {(parser, class): count}) of all that was made and passes."""
    files = [value for name in ("clients.txt", "attacks.txt") for value, _ in from_file(name)]
    study.generate(Generator([*from_cases(), *from_address_cases(), *files], SEED), FIELDS)
    differ, counts = study.differences(read_allowed())
    table = [f"{FIELDS} fields of seed {SEED}, {len(study.passed)} of them pass and differ from each other"]
    table += [f"{name:22}" + "".join(f"  {kind} {counts[name, kind]}" for kind in sorted(
        {kind for _, kind in counts}) if counts[name, kind]) for name in study.peers]
    print("\n".join(table))
    (Path(os.environ["SUBMILTER_BUILD"]) / "identity/readings").write_text("\n".join(table) + "\n")
    return differ, counts


def test_what_real_programs_write_passes(study):
    lines = list(from_file("clients.txt"))
    judged = study.judge([(SENDINGS[0], value) for value, _ in lines])
    refused = [f"{place}: {value}" for (value, place), passed in zip(lines, judged) if not passed]
    assert not refused, "\n".join(refused)


@pytest.mark.parametrize("name", [peer.name for peer in PEERS])
def test_parser_reads_the_same(study, compared, name):
    differ, counts = compared
    assert counts[name, SAME] > len(study.passed) / 2, f"{name} reads hardly anything: {counts}"
    if not differ[name]:
        return
    step = len(differ[name]) // SHOWN + 1
    shown = []
    for one, kind, _ in differ[name][::step]:
        small = study.shrink(name, one, kind)
        found = study.ask(name, [small])[0][1]
        shown.append(f"{' '.join(small.sending)}: {small.leaves}\n  we read {small.ours}, {name} {found} ({kind})")
    pytest.fail(f"{len(differ[name])} differ:\n" + "\n".join(sorted(set(shown))))


def test_parsers_differ_on_attacks(study):
    """What the other tests would see, were it to pass: most of the attacks have a reader that falls for them."""
    attacks = [Passed(SENDINGS[0], value, value, (b"alice@example.com",)) for value, _ in from_file("attacks.txt")]
    fooled, fooling = Counter(), set()
    for name, readings in study.ask_all(attacks).items():
        for one, (kind, _) in zip(attacks, readings):
            if kind == OTHER:
                fooled[name] += 1
                fooling.add(one.value)
    assert set(fooled) == set(study.peers)
    assert len(fooling) > 0.8 * len(attacks), sorted({one.value for one in attacks} - fooling)


@pytest.mark.parametrize("row", read_allowed(), ids=lambda row: row.place)
def test_argument_is_needed(study, row):
    [passed] = study.judge([(("postfix+", *OWNERS[b"@example.org" in row.example], "From"), row.example)])
    assert passed, "the policy refuses the example"
    assert any(row.covers(name, study.ask(name, [passed])[0][0], passed.leaves) for name in study.peers)
