"""What the programs that read by Python's email package have in common."""

import email.errors
import sys
import warnings


def answer(read):
    """For each line in, bytes in hex, a line out: each address that read() finds in them in hex, or "-"."""
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        try:
            found = read(bytes.fromhex(line.strip()))
        except (ValueError, LookupError, TypeError, AttributeError, email.errors.MessageError):
            found = []  # they raise all of these of what they cannot read
        print(" ".join(address.encode("utf-8", "surrogateescape").hex() for address in found if address)
              or "-", flush=True)
