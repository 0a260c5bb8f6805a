"""What the generator begins with: the policy's cases, published attacks, and what real programs write."""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "harness"))

from casefile import read_cases, unescape  # noqa: E402

FIELD = re.compile(rb"^(?:Resent-)?(?:From|Sender|Reply-To|To|Cc):((?:[^\r]|\r(?!\n)|\r\n[ \t])*)", re.M | re.I)


def from_cases():
    """Each value of an address field in tests/cases, folds as LF + blank."""
    for path in sorted((HERE.parent / "cases").glob("*/*.case")):
        for case in read_cases(path):
            for value in FIELD.findall(case.message):
                yield value.replace(b"\r\n", b"\n")


def blocks_from_cases():
    """Each short message of tests/cases with a From field of the usual login's, line ends as LF."""
    for path in sorted((HERE.parent / "cases").glob("*/*.case")):
        for case in read_cases(path):
            if b"alice@example.com" in case.message and len(case.message) < 1000:
                yield case.message.replace(b"\r\n", b"\n")


def from_address_cases():
    """Each list of tests/cases/address.txt, whatever its reading is; and whether it is agreed on."""
    lists = (HERE.parent / "cases/address.txt").read_text().split("[list]")[1].split("\n[")[0]
    for number, line in enumerate(lists.split("\n")):
        if " | " in line and not line.startswith("#"):
            text = line.rsplit(" | ", 1)[1].replace("\\-", "")
            yield unescape(text.encode(), f"address.txt, line {number} of [list]")


def read_words():
    """The words of words.txt: {kind: [word]}."""
    words = {}
    for number, line in enumerate((HERE / "words.txt").read_text().split("\n"), 1):
        if line.startswith("["):
            kind = words.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            kind.append(unescape(line.encode(), f"words.txt:{number}"))
    return words


def from_file(name):
    """(value, "file:line") for each line of a file: written as in tests/cases, a fold as \\n."""
    for number, line in enumerate((HERE / name).read_text().split("\n"), 1):
        if line and not line.startswith("#"):
            yield b" " + unescape(line.encode(), f"{name}:{number}"), f"{name}:{number}"
