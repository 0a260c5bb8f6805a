"""Verifies every message of a folder with dkimpy: dkimpy_check.py FOLDER SIGNATURES

FOLDER has *.eml and one <name in DNS>.txt a record; each message has that many signatures."""

import pathlib
import sys

import dkim


def main():
    folder, wanted = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    records = {path.name[:-len(".txt")]: path.read_bytes() for path in folder.glob("*.txt")}

    def look_up(name, timeout=5):
        text = name.decode() if isinstance(name, bytes) else name
        return records.get(text.rstrip("."))

    bad = 0
    messages = sorted(folder.glob("*.eml"))
    for path in messages:
        message = path.read_bytes()
        for index in range(wanted):
            try:
                good = dkim.DKIM(message).verify(idx=index, dnsfunc=look_up)
            except dkim.DKIMException as error:
                good = False
                print(f"# {path}: {error}")
            if not good:
                bad += 1
                print(f"# {path}: signature {index} does not hold")
    print(f"# dkimpy: {len(messages)} messages, {bad} bad signatures")
    return 1 if bad or not messages else 0


sys.exit(main())
