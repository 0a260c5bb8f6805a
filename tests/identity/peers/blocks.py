"""Python's email package on whole messages. A line in: a message in hex; a line out: each address of each From
field in hex, or "-"."""

import email
import email.policy
import email.utils
import sys

from answering import answer


def compat32(message):
    fields = email.message_from_bytes(message, policy=email.policy.compat32).get_all("From", [])
    return [address for _, address in email.utils.getaddresses(fields)]


def default(message):
    fields = email.message_from_bytes(message, policy=email.policy.default).get_all("From", [])
    return [address.addr_spec for field in fields for address in field.addresses]


answer(globals()[sys.argv[1]])
