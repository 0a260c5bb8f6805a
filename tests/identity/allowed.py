"""Differences that are argued in allowed.txt."""

import re
from dataclasses import dataclass
from pathlib import Path

from compare import SAME
from seeds import unescape

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Argued:
    parsers: re.Pattern
    kinds: re.Pattern
    values: re.Pattern
    example: bytes
    place: str

    def covers(self, parser, kind, value):
        return bool(self.kinds.fullmatch(kind) and self.parsers.fullmatch(parser) and self.values.search(value))


def read_allowed():
    rows = []
    for number, line in enumerate((HERE / "allowed.txt").read_text().split("\n"), 1):
        if line and not line.startswith("#"):
            parsers, kinds, values, example, why = line.split(" | ")
            place = f"allowed.txt:{number}"
            assert why, place
            rows.append(Argued(re.compile(parsers), re.compile(kinds), re.compile(values.encode(), re.DOTALL),
                               b" " + unescape(example.encode(), place), place))
    return rows


def is_allowed(rows, parser, kind, value):
    """Whether such a difference of that parser is none, or argued."""
    return kind == SAME or any(row.covers(parser, kind, value) for row in rows)
