"""Reads tests/conf/enforce.case."""

import dataclasses
import pathlib
import re

FILE = pathlib.Path(__file__).resolve().parents[1] / "conf" / "enforce.case"
MARKS = ((b"<CR>\n", b"\r\n"), (b"<TAB>", b"\t"), (b"<FC>", b"\xfc"), (b"<NONL>\n", b""))


@dataclasses.dataclass
class EnforceCase:
    title: str
    command: list
    before: dict  # name -> bytes
    after: dict
    fails: str = ""

    def __str__(self):
        return self.title


def _content(text):
    data = text.encode()
    for mark, stands_for in MARKS:
        data = data.replace(mark, stands_for)
    return data


def _case(text):
    title, _, rest = text.partition("\n")
    lead, *sections = re.split(r"(?m)^--- (.*)\n", rest)
    assert not lead.strip(), (title, lead)
    case = EnforceCase(title, sections[0].split(), {}, {})
    for name, body in zip(sections[2::2], sections[3::2]):
        kind, _, file = name.partition(" ")
        if kind == "fails":
            case.fails = body.strip()
        else:
            {"before": case.before, "after": case.after}[kind][file or "submilter.conf"] = _content(body)
    assert case.before and set(case.after) <= set(case.before), title
    assert bool(case.fails) != bool(case.after), title
    return case


def cases():
    return [_case(text) for text in re.split(r"(?m)^=== ", FILE.read_text())[1:]]
