"""Cases as data: files of `key: value` lines and `| ` message lines (tests/mta/README says which keys).

What stands before the first `case:` holds for every case of the file that does not say otherwise;
`#` begins a comment.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)")
LETTERS = {b"\\": b"\\", b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}


@dataclass
class Case:
    place: str  # file:line
    name: str = ""
    keys: dict = field(default_factory=dict)  # key -> list of values, in order
    message: bytes = b""
    read: set = field(default_factory=set)

    def all(self, key):
        self.read.add(key)
        return self.keys.get(key, [])

    def one(self, key, default=None):
        values = self.all(key)
        assert len(values) < 2, f"{self.place}: {key} stands there {len(values)} times"
        return values[0] if values else default

    def of_mta(self, mta):
        """The case as it is for one MTA: what stands as key@mta holds there instead of key."""
        own = {key.removesuffix("@" + mta): values for key, values in self.keys.items()
               if key.endswith("@" + mta)}
        assert not own or own.pop("why", None), f"{self.place}: why is it different with {mta}? (why@{mta}:)"
        common = {key: values for key, values in self.keys.items() if "@" not in key}
        return Case(self.place, self.name, {**common, **own}, self.message, set(self.read))

    def unread(self):
        """Keys that nobody asked for: most likely misspelt."""
        return sorted(set(self.keys) - self.read)


def read_cases(path: Path):
    defaults = Case(f"{path.name}:1")
    cases = [defaults]
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        place = f"{path.name}:{number}"
        if line.startswith("|"):
            cases[-1].message += message_line(line, place)
            continue
        line = re.sub(r"(^|\s)#\s.*", "", line).strip()
        if not line:
            continue
        key, colon, value = (part.strip() for part in line.partition(":"))
        assert colon, f"{place}: neither `key: value` nor `| message line`: {line}"
        if key == "case":
            cases.append(Case(place, value))
        else:
            cases[-1].keys.setdefault(key, []).append(value)
    for case in cases[1:]:
        case.keys = {**defaults.keys, **case.keys}
        case.message = case.message or defaults.message
        case.read = {"source", "message"}
    return cases[1:]


def message_line(line, place):
    """`| text` as bytes: escapes undone, CRLF put behind unless the line ends in a lone backslash."""
    text = line[2:].encode()
    assert line in ("|", "| ") or line.startswith("| "), f"{place}: a blank is missing behind the |"
    unended = re.search(rb"(?<!\\)(\\\\)*\\$", text)
    return unescape(text[:-1] if unended else text, place) + (b"" if unended else b"\r\n")


def unescape(text: bytes, place=""):
    def undo(found):
        what = found.group(1)
        if what[:1] == b"x" and len(what) == 3:
            return bytes([int(what[1:], 16)])
        assert what in LETTERS, f"{place}: unknown escape {found.group().decode()}"
        return LETTERS[what]

    return ESCAPE.sub(undo, text)
