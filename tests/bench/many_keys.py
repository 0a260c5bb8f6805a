"""RSA keys by the thousand in seconds: a few primes, and each pair of them is a key of its own."""

import base64
import itertools
import math
import os
from pathlib import Path

from harness.process import run

EXPONENT = 65537
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")  # AlgorithmIdentifier, RFC 8017 A.1


def _prime():
    while True:
        number = int(run("openssl", "prime", "-generate", "-bits", "1024", "-hex").stdout, 16)
        if math.gcd(number - 1, EXPONENT) == 1:
            return number


def _der(tag, content):
    size = len(content)
    head = bytes([size]) if size < 128 else size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([0x80 | len(head)]) if size >= 128 else b"") + head + content


def _integer(number):
    return _der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _pem(p, q):
    """As genpkey and submilterctl write it: RFC 5958, with RFC 8017 A.1.2 in it."""
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    numbers = (0, p * q, EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    key = _der(0x30, b"".join(map(_integer, numbers)))
    text = base64.b64encode(_der(0x30, _integer(0) + RSA_ENCRYPTION + _der(4, key))).decode()
    lines = "\n".join(text[at:at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n"


def key_texts(count):
    """So many different keys."""
    needed = 2
    while math.comb(needed, 2) < count:
        needed += 1
    primes = sorted({_prime() for _ in range(needed)})
    pairs = itertools.combinations(primes, 2)
    return [_pem(q, p) for p, q in itertools.islice(pairs, count)]


def write_keys(folder: Path, texts):
    """One for each of the domains d00000.example, ...; those that are there are replaced, as a new key would be."""
    for number, text in enumerate(texts):
        domain = folder / f"d{number:05}.example"
        domain.mkdir(parents=True, exist_ok=True)
        new = domain / ".new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
            out.write(text)
        new.rename(domain / "bench.pem")
