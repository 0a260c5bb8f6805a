"""Whether a parser read the same addresses as we did."""

import re
import unicodedata

SAME, NOTHING, OWN, BARE, MANGLED, OTHER = "same", "nothing", "own", "bare", "mangled", "other"
DOT = re.compile(r"[^.]\.[^.]")
SPLIT = re.compile(rb"[\s<>,]+")


def normal(address):
    """(local part, domain) of bytes, in the form in which two spellings of one mailbox are the same."""
    text = unicodedata.normalize("NFC", address.decode("utf-8", "surrogateescape")).strip()
    if "@" not in text:
        return "", text  # a word
    local, _, domain = text.rpartition("@")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    domain = domain.lower()
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            pass  # then it is another one
    return local.lower(), domain


def _is_mangled(address, of):
    """Whether it is the other one with U+FFFD for characters beyond ASCII: nobody can have such an address."""
    pattern = re.sub(r"[^\x00-\x7f]+", "\ufffd+", re.escape(of.decode("utf-8", "replace").lower()))
    return "\ufffd" in pattern and re.fullmatch(pattern, address.decode("utf-8", "replace").lower())


def classify(passed, theirs, peer):
    """passed: what we accepted (study.Passed); theirs: what the parser read.

    SAME.
    NOTHING: it read no address, or hands back a piece of the field with its brackets or comments.
    OWN: nothing but addresses that we read too, and are owned, but not the same list.
    BARE: the same with words beside them, or instead of them, that are no address: without an at sign, or
    without a dot behind it.
    MANGLED: our addresses, with U+FFFD where they have other letters than ASCII, or a parenthesis behind.
    OTHER: an address that we did not read."""
    theirs = [address for address in theirs if not re.search(rb"<|\(.*\)", address)]
    if not theirs:
        return NOTHING
    ours = [normal(address) for address in passed.ours]
    read = [normal(address) for address in theirs]
    if peer.domain:
        domains = {domain for _, domain in ours}
        read = [domain for _, domain in read if domain not in domains]
        return OTHER if any(DOT.search(domain) for domain in read) else BARE if read else SAME
    if read == (ours[:1] if peer.first else ours):
        return SAME
    if set(read) <= set(ours):
        return OWN
    if {address for address in read if DOT.search(address[1]) and address[0]} <= set(ours):
        return BARE
    if all(normal(address.rstrip(b")")) in ours or
           any(_is_mangled(address, part) for part in SPLIT.split(passed.leaves)) for address in theirs):
        return MANGLED
    return OTHER
