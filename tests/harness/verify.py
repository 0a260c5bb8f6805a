"""Two verifiers that others wrote: dkimpy, and OpenDKIM's filter in its test mode.

Each gives one Result for every DKIM-Signature of a message, from the top down. records are the public
keys: {"selector._domainkey.domain": text}.
"""

import re
from dataclasses import dataclass

import dkim

from .message import Message, name_of
from .process import run


@dataclass(frozen=True)
class Result:
    domain: str
    selector: str
    algorithm: str
    valid: bool


def signatures(message: bytes):
    """The tags of each DKIM-Signature, from the top down."""
    fields = Message.parse(message).named("DKIM-Signature")
    return [tags(field.split(b":", 1)[1]) for field in fields]


def tags(value: bytes):
    """{"d": ..., "s": ...} of a signature's value, blanks taken out."""
    items = re.sub(rb"\s+", b"", value).decode("ascii", "replace").split(";")
    return dict(item.split("=", 1) for item in items if "=" in item)


def _result(signature, valid):
    return Result(signature["d"], signature["s"], signature["a"], valid)


def by_dkimpy(message: bytes, records):
    def dns(name, timeout=5):
        return records.get(name.decode().rstrip("."), "").encode()

    results = []
    for index, signature in enumerate(signatures(message)):
        try:
            valid = dkim.DKIM(message).verify(idx=index, dnsfunc=dns)
        except dkim.DKIMException:
            valid = False
        results.append(_result(signature, valid))
    return results


def by_opendkim(message: bytes, records, folder):
    """folder: where the files for it may lie. OpenDKIM judges one signature a message, so each one
    is shown to it on a copy that has no other."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = folder / "keys"
    keys.write_text("".join(f"{name} {text}\n" for name, text in records.items()))
    config = folder / "opendkim.conf"
    config.write_text(f"Mode v\nTestPublicKeys {keys}\n")
    wanted = signatures(message)
    files = []
    for index in range(len(wanted)):
        files.append(folder / f"{index}.eml")
        files[-1].write_bytes(_with_one_signature(message, index))
    if not files:
        return []
    done = run("/usr/sbin/opendkim", "-x", config, "-t", ",".join(map(str, files)), check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    return [
        _result(signature, re.search(rf"{re.escape(str(file))}: verification .*succeeded", said) is not None)
        for signature, file in zip(wanted, files)
    ]


def _with_one_signature(data: bytes, index):
    message = Message.parse(data)
    seen = -1
    kept = []
    for field in message.fields:
        if name_of(field) == b"dkim-signature":
            seen += 1
            if seen != index:
                continue
        kept.append(field)
    return bytes(Message(kept, message.body))
