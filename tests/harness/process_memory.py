"""What lies in the memory of a running process, and how private keys would look there."""

import hashlib
import os
import re

from .process import run

PIECE = 16  # bytes: shorter ones are found by chance


def writable(pid):
    """The bytes of each mapping that a process can write to. Needs root, as it hides its memory."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            first, last, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if rights.startswith("rw") and "[vvar" not in line:
                data = os.pread(memory.fileno(), int(last, 16) - int(first, 16), int(first, 16))
                yield line.split()[-1], data.strip(b"\0")  # most of a stack was never used


def found(pid, pieces):
    """Which of these are there: {name: where}. pieces: name -> bytes."""
    there = {}
    for where, data in writable(pid):
        there |= {name: where for name, piece in pieces.items() if piece in data}
    return there


def cut(name, data):
    """In pieces: what is left of it may be some of it."""
    return {f"{name}+{at}": data[at:at + PIECE] for at in range(0, len(data) - PIECE + 1, PIECE)}


def integers(der):
    """Those of a flat SEQUENCE."""
    def item(at):
        size = der[at + 1]
        at += 2
        if size >= 0x80:
            count = size - 0x80
            size = int.from_bytes(der[at:at + count], "big")
            at += count
        return at, at + size
    at, end = item(0)
    while at < end:
        first, at = item(at)
        yield der[first:at].lstrip(b"\0")


def written(pem):
    """A private key as its file has it: lines of base64, and what they stand for."""
    lines = [line for line in pem.splitlines() if not line.startswith(b"-----")]
    der = run("openssl", "pkey", "-outform", "DER", data=pem).stdout
    pieces = {}
    for number, line in enumerate(lines):
        pieces |= cut(f"line {number}", line)
    return pieces, der


def of_rsa(pem):
    """(as the file has it, as OpenSSL computes with it). The public numbers are no secret."""
    pieces, _ = written(pem)
    der = run("openssl", "rsa", "-traditional", "-outform", "DER", data=pem).stdout
    numbers = dict(zip(("version", "n", "e", "d", "p", "q", "dp", "dq", "qinv"), integers(der)))
    # The first lines are version, algorithm and modulus.
    public = (len(numbers["n"]) + 48) * 4 // 3 // 64 + 1
    pieces = {name: piece for name, piece in pieces.items() if int(name.split()[1].split("+")[0]) >= public}
    computed = {}
    for name in ("d", "p", "q", "dp", "dq", "qinv"):
        pieces |= cut(name, numbers[name])
        computed |= cut(f"limbs of {name}", numbers[name][::-1])
    return pieces, computed


def of_ed25519(pem):
    pieces, der = written(pem)
    seed = der[-32:]
    return pieces, cut("seed", seed) | cut("expanded", hashlib.sha512(seed).digest())
