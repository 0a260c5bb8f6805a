"""Messages as bytes: taken apart into fields and body, and compared."""

import re
from dataclasses import dataclass

FIELD = re.compile(rb"([^\x00-\x20:\x7f-\xff]+)[ \t]*:")


@dataclass
class Message:
    fields: list  # each the raw bytes of one field, folds and all, without its last line end
    body: bytes

    @classmethod
    def parse(cls, data: bytes):
        head, empty_line, body = data.partition(b"\r\n\r\n")
        if not empty_line:
            head = head.removesuffix(b"\r\n")
        return cls(re.split(rb"\r\n(?![ \t])", head) if head else [], body)

    def named(self, name):
        wanted = name.lower().encode()
        return [field for field in self.fields if name_of(field) == wanted]

    def value(self, name):
        """The first field's value, unfolded; None when there is no such field."""
        found = self.named(name)
        return re.sub(rb"\r\n(?=[ \t])", b"", found[0].split(b":", 1)[1]).strip().decode() if found else None

    def __bytes__(self):
        return b"".join(field + b"\r\n" for field in self.fields) + b"\r\n" + self.body


def name_of(field: bytes) -> bytes:
    """A field's name in lower case; empty for what is none."""
    found = FIELD.match(field)
    return found.group(1).lower() if found else b""


def changes(sent: bytes, arrived: bytes, form=bytes):
    """What happened to a message on its way: (added fields, lost fields, whether the rest is as it was).

    The MTA's own Received field, the topmost one, is passed over. Fields that stayed must have stayed
    byte for byte and in their order, and so must the body. form: makes alike what may differ in a field.
    """
    before, after = Message.parse(sent), Message.parse(arrived)
    after.fields.remove(after.named("Received")[0])
    before.fields, after.fields = list(map(form, before.fields)), list(map(form, after.fields))
    remaining, added = list(before.fields), []
    for field in after.fields:
        if field in remaining:
            remaining.remove(field)
        else:
            added.append(field)
    stayed = [field for field in after.fields if field not in added]
    in_order = stayed == [field for field in before.fields if field not in remaining]
    return added, remaining, in_order and before.body == after.body
