"""Python's email package, in the ways in which programs use it. A line in: a field's value in hex; a line
out: each address in hex, or "-"."""

import email
import email.header
import email.policy
import email.utils
import sys

from answering import answer


def field_of(value, policy):
    return email.message_from_bytes(b"From:" + value + b"\n\nhi\n", policy=policy)["From"]


def getaddresses(value):
    return [address for _, address in email.utils.getaddresses([field_of(value, email.policy.compat32)])]


def parseaddr(value):
    return [email.utils.parseaddr(str(field_of(value, email.policy.compat32)))[1]]


def decoded(value):
    """Decode first, parse then: wrong, and common."""
    text = field_of(value, email.policy.compat32)
    text = str(email.header.make_header(email.header.decode_header(text)))
    return [address for _, address in email.utils.getaddresses([text])]


def default(value):
    return [address.addr_spec for address in field_of(value, email.policy.default).addresses]


def smtp(value):
    return [address.addr_spec for address in field_of(value, email.policy.SMTPUTF8).addresses]


answer(globals()[sys.argv[1]])
