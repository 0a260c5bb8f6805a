"""Verifiers that others wrote: dkimpy, OpenDKIM's filter in its test mode, and its library by itself.

Each gives one Result for every DKIM-Signature of a message, from the top down. records are the public
keys: {"selector._domainkey.domain": text}.
"""

import re
from collections import defaultdict
from dataclasses import dataclass

import dkim

from .build import program
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
    return by_opendkim_each([message], records, folder)[0]


def by_opendkim_each(messages, records, folder):
    """What by_opendkim gives, for each of many messages by one process. folder: where the files for it may lie.
    OpenDKIM judges one signature a message, so each one is shown to it on a copy that has no other; and its
    test mode writes "Name: " anew, so that it can't judge simple header canonicalization."""
    wanted = [signatures(message) for message in messages]
    files = [[_file(folder, f"{number}-{index}.eml", _with_one_signature(message, index)) for index in range(len(each))]
             for number, (message, each) in enumerate(zip(messages, wanted))]
    if not any(files):
        return wanted
    config = _file(folder, "opendkim.conf", f"Mode v\nTestPublicKeys {_keys(records, folder)}\n".encode())
    done = run("/usr/sbin/opendkim", "-x", config, "-t", ",".join(str(file) for each in files for file in each), check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    good = set(re.findall(r"(\S+\.eml): verification .*succeeded", said))
    return [[_result(signature, str(file) in good) for signature, file in zip(*each)] for each in zip(wanted, files)]


def by_libopendkim_each(messages, records, folder):
    """For each of many messages, every byte as it is (tests/mta/libopendkim_verify). Where no empty line ends the
    header it would take the last field's line end for a part of it: Message puts that line there."""
    files = [_file(folder, f"{number}.eml", bytes(Message.parse(message))) for number, message in enumerate(messages)]
    done = run(program("tests/mta/libopendkim_verify"), _keys(records, folder), check=False,
               data="".join(f"{file}\n" for file in files).encode(), env={"ASAN_OPTIONS": "detect_leaks=0"})
    said = defaultdict(list)
    for line in done.stdout.decode().splitlines():
        file, _, judgement = line.partition(" ")
        said[file].append(judgement == "good")
    return [[_result(signature, valid) for signature, valid in zip(signatures(message), said[str(file)], strict=True)]
            for message, file in zip(messages, files)]


def _file(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def _keys(records, folder):
    return _file(folder, "keys", "".join(f"{name} {text}\n" for name, text in records.items()).encode())


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
