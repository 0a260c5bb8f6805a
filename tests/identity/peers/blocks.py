"""Python's email package on whole messages. A line in: a message in hex; a line out: each address of each From
field in hex, or "-"."""

import email
import email.errors
import email.policy
import email.utils
import sys
import warnings


def compat32(message):
    fields = email.message_from_bytes(message, policy=email.policy.compat32).get_all("From", [])
    return [address for _, address in email.utils.getaddresses(fields)]


def default(message):
    fields = email.message_from_bytes(message, policy=email.policy.default).get_all("From", [])
    return [address.addr_spec for field in fields for address in field.addresses]


def main():
    warnings.simplefilter("ignore")
    read = globals()[sys.argv[1]]
    for line in sys.stdin:
        try:
            found = read(bytes.fromhex(line.strip()))
        except (ValueError, LookupError, TypeError, AttributeError, email.errors.MessageError):
            found = []  # they raise all of these of what they cannot read
        print(" ".join(address.encode("utf-8", "surrogateescape").hex() for address in found if address)
              or "-", flush=True)


main()
