"""First inputs of the targets, out of the tree's cases and configurations: what is written there once
need not lie in a corpus again."""

import hashlib
import re

ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)
LETTERS = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"-": b""}
ADDRESSES = ("from", "sender", "reply-to", "to", "cc", "resent-from", "resent-sender")

# Bits of tests/fuzz/message_fuzz.c's first byte.
SENDMAIL, SMTPUTF8, NULL_SENDER, CAPTURE = 1, 2, 4, 8
POLICIES = {"submission": 0, "local": 1 << 5, "inbound": 2 << 5}


def plain(text):
    """The bytes that a text with escapes stands for."""
    return ESCAPE.sub(lambda match: bytes([int(match[1][1:], 16)]) if match[1][:1] == b"x"
                      else LETTERS.get(match[1], match[1]), text)


def cases(root):
    """Of each policy case its settings, as far as they matter here, and its message."""
    for path in sorted((root / "tests" / "cases").glob("*/*.case")):
        keys, lines = {}, []
        for line in path.read_bytes().split(b"\n"):
            if line.startswith(b"|"):
                lines.append(line[1:].removeprefix(b" "))
                continue
            if lines:
                yield keys, message_of(lines)
                lines = []
            key, _, value = line.partition(b":")
            keys = {} if key == b"case" else {**keys, key.decode("latin-1"): value.strip()}
        if lines:
            yield keys, message_of(lines)


def message_of(lines):
    return b"".join(plain(line[:-1]) if line.endswith(b"\\") else plain(line) + b"\r\n"
                    for line in lines)


def fields(message):
    """Name and value of each field that is one at a glance."""
    head = message.partition(b"\r\n\r\n")[0]
    for line in re.split(rb"\r\n(?![ \t])", head):
        name, colon, value = line.partition(b":")
        if colon and name:
            yield name, value


def piece(text):
    return len(text).to_bytes(2, "little") + text


def packets(message):
    """As the stand-in for libmilter takes them (tests/fuzz/milter_stand_in.h)."""
    head, _, body = message.partition(b"\r\n\r\n")
    macros = b"".join(b"D" + piece(name + b"\0" + value) for name, value in (
        (b"auth_authen", b"alice@example.com"), (b"auth_type", b"PLAIN"), (b"i", b"4fXyz"),
        (b"tls_version", b"TLSv1.3"), (b"cipher", b"TLS_AES_256_GCM_SHA384"),
        (b"cipher_bits", b"256"), (b"v", b"Postfix 3.7.11"), (b"j", b"mail.example.com")))
    told = b"".join(b"L" + piece(name + b"\0" + value) for name, value in fields(head + b"\r\n"))
    return (b"\x00C" + piece(b"\xfd\xc0\x00\x02\x07") + b"H" + piece(b"client.example.net") + macros
            + b"M" + piece(b"<alice@example.com>\0SIZE=1") + b"R" + piece(b"<bob@example.net>")
            + b"T" + told + b"B" + piece(body[:60000]) + b"E")


def chosen(keys):
    """The first byte for message_fuzz."""
    byte = POLICIES.get(keys.get("policy", b"").decode(), 0) | CAPTURE
    byte |= SENDMAIL if keys.get("mta") == b"sendmail" else 0
    byte |= SMTPUTF8 if keys.get("smtputf8") == b"yes" else 0
    byte |= NULL_SENDER if keys.get("mail-from") == b"<>" else 0
    return bytes([byte])


def inputs(root):
    """Pairs of a target's name and an input."""
    for line in (root / "tests" / "cases" / "address.txt").read_bytes().split(b"\n"):
        value = line.rpartition(b" | ")[2]
        if value and not line.startswith((b"#", b"[")):
            yield "address", plain(value)
            yield "address_form", plain(value)
            yield "encoded_word", plain(value)
    for keys, message in cases(root):
        yield "message", chosen(keys) + message
        yield "milter", packets(message)
        for name, value in fields(message):
            yield "header", value
            if b"=?" in value:
                yield "encoded_word", value
            if name.lower().startswith(b"content-"):
                yield "parameter", value
            if name.lower().decode("latin-1") in ADDRESSES:
                yield "address", value
                yield "address_form", value
        yield "header", message.partition(b"\r\n\r\n")[2]
    for path in sorted((root / "tests" / "conf").glob("*/*.conf")):
        yield "conf", path.read_bytes()
    yield "table", b"\0" + piece(b"alice@example.com") + (root / "tests/cases/senders").read_bytes()


def write(root, folder, target):
    """Writes the target's inputs into the folder, each under its hash; how many."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, data in inputs(root):
        if name == target and len(data) < 16384:
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
            count += 1
    return count
