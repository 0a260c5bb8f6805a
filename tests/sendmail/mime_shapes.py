"""Messages whose MIME parts Sendmail's own MaxMimeHeaderLength (2048/1024) has it write anew, header and body.

Each is a name, further fields and a body. Mail programs and scripts write them, and none is an attack.
"""

MIXED = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="abc"\r\n'
LAYERS = 30


def top(fields):
    return b"MIME-Version: 1.0\r\n" + fields + b"\r\n", b"x\r\n"


def part(lines):
    return MIXED, b"--abc\r\n" + lines + b"\r\n\r\nx\r\n--abc--\r\n"


def nested():
    """Deeper than Sendmail goes."""
    body = b"".join(
        b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (layer, layer + 1) for layer in range(LAYERS))
    ends = b"".join(b"--b%d--\r\n" % layer for layer in range(LAYERS, -1, -1))
    return MIXED.replace(b"abc", b"b0"), body + ends


LONG_PARAMETER = b'Content-Disposition: attachment;\r\n filename="' + b"\r\n ".join(
    [b"=?utf-8?B?" + b"44GC" * 15 + b"?="] * 15) + b'"'
LONG_FIELD = b"Content-Disposition: attachment" + b"".join(
    b";\r\n filename*%d*=%s" % (number, b"%E3%81%82" * 7) for number in range(30))

SHAPES = {
    "a quotation mark in a part's name": part(b'Content-Disposition: attachment; filename=15".pdf'),
    "a quotation mark in the message's name": top(b'Content-Type: application/pdf; name=15".pdf'),
    "a parenthesis in a part's name": part(b"Content-Type: application/pdf; name=a(b.pdf"),
    "a parenthesis in the message's name": top(b"Content-Type: application/pdf; name=a(b.pdf"),
    "a quoted name without its end": top(b'Content-Type: application/pdf; name="a.pdf'),
    "a backslash before the end of a quoted name": top(b'Content-Type: application/pdf; name="C:\\"'),
    "a parenthesis in Content-ID": top(b"Content-ID: <a(b@x>\r\nContent-Type: text/plain"),
    "a parameter over 1024 bytes": top(b"Content-Type: application/pdf\r\n" + LONG_PARAMETER),
    "a field over 2048 bytes": top(b"Content-Type: application/pdf\r\n" + LONG_FIELD),
    "a part's field over 2048 bytes": part(LONG_FIELD),
    "a line of 2500 bytes in a part's field": part(b"X-A: " + b"y" * 2500),
    "no closing boundary": (MIXED, b"--abc\r\n\r\nx\r\n"),
    "no boundary parameter": (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed\r\n", b"x\r\n"),
    "an inner multipart without its end": part(
        b'Content-Type: multipart/alternative; boundary="zzz"\r\n\r\n--zzz\r\n\r\na'),
    "a blank before a part's colon": part(b"Content-Type : text/plain"),
    "a part that begins with text": part(b"hello"),
    "many layers": nested(),
}
