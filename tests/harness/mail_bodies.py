"""Bodies of legitimate mail, each of a random.Random: {kind: function}, which gives (fields that go with it, body).

Lines end in CRLF and have at most 998 bytes: Postfix breaks longer ones after they were signed (submilter(8)).
"""

import base64
import quopri

TEXTS = (
    "Hello Bob,", "", "here are the figures.", "Grüße aus München", "see you at 9 -- or later?  ", "\tindented", " ",
    "  two blanks in front", "> quoted", ">> quoted twice", "From here on it is a line that begins with From",
    ".", "..", ".hidden file", "a\tb\t\tc  d   e", "end with blanks   ", "end with a tab\t", "-- ", "Alice",
    "=20 is no blank here", "100 % of it", "日本語のテキスト", "Привет, мир", "https://example.com/a?b=c&d=%20",
    "\t", "Subject: not a field", "x" * 78, "y" * 200, "€ 12,50", "a form feed \f in a line", "ESC \x1b[1mbold\x1b[0m",
    "DEL \x7f", "---", "begin 644 x", "~~~", "# comment", "0123456789 " * 9,
)
FILES = ("report.pdf", "Übersicht 2026.xlsx", "a; b (c).txt", "見積書.docx", "photo 1.jpg", "x" * 90 + ".bin", "O'B.csv")


def lines(rng, most=40):
    return [rng.choice(TEXTS) for _ in range(rng.randint(1, most))]


def text_of(rng, most=40, charset="utf-8"):
    return b"".join(line.encode(charset, "replace") + b"\r\n" for line in lines(rng, most))


def ascii_of(rng, most=40):
    return b"".join(line.encode("ascii", "ignore") + b"\r\n" for line in lines(rng, most))


def quoted(data):
    """Quoted-printable: blanks at a line's end encoded, soft breaks in long ones."""
    return quopri.encodestring(data.replace(b"\r\n", b"\n"), quotetabs=False).replace(b"\n", b"\r\n")


def base64_of(data, width=76):
    text = base64.b64encode(data)
    return b"".join(text[at : at + width] + b"\r\n" for at in range(0, len(text), width))


def boundary(rng):
    return rng.choice((
        "------------{:024x}", "----=_NextPart_000_0001_{:08X}.3DA71A90", "Apple-Mail=_{:032X}", "b1_{:032x}",
        "===============({:019d}==", "=-{:x}", "{:028x}", "--_NmP-{:016x}-Part_1", "_{:x}_'()+,./:=?",
    )).format(rng.getrandbits(60))


def part(fields, body):
    return b"".join(field.encode() + b"\r\n" for field in fields) + b"\r\n" + body


def multipart(rng, kind, parts, more=""):
    mark = boundary(rng)
    body = rng.choice((b"", b"This is a multi-part message in MIME format.\r\n", b"\r\n"))
    for each in parts:
        body += b"--" + mark.encode() + b"\r\n" + each + (b"" if each.endswith(b"\r\n") else b"\r\n")
    body += b"--" + mark.encode() + b"--" + rng.choice((b"\r\n", b"\r\n", b"\r\n\r\n", b"", b"  \r\n"))
    fold = rng.choice((" ", "\r\n ", "\r\n\t"))
    return [f'Content-Type: multipart/{kind};{fold}boundary="{mark}"{more}'], body


def file_name(rng, name):
    """The parameter's end of Content-Disposition, as different programs write names."""
    word = "=?UTF-8?B?" + base64.b64encode(name.encode()).decode() + "?="
    percent = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}" for byte in name.encode())
    half = percent.rfind("%", 0, 40) if "%" in percent[:40] else 20
    forms = [f'filename="{word}"', f"filename*=UTF-8''{percent}",
             f"filename*0*=UTF-8''{percent[:half]};\r\n filename*1*={percent[half:]}"]
    if name.isascii():
        forms += [f'filename="{name}"'] * 3
    return rng.choice(forms)


def attachment(rng):
    data = rng.randbytes(rng.choice((0, 1, 57, 300, 3000, 3000, 20_000)))
    blank, fold = rng.choice((" ", "\r\n\t")), rng.choice((" ", "\r\n "))
    return part([f"Content-Type: application/octet-stream;{blank}charset=binary", "Content-Transfer-Encoding: base64",
                 f"Content-Disposition: attachment;{fold}{file_name(rng, rng.choice(FILES))}"],
                base64_of(data, rng.choice((76, 76, 60, 72))))


def html_of(rng):
    return "<html><body>\r\n".encode() + b"".join(
        b"<p>" + line.encode() + b"</p>\r\n" for line in lines(rng, 12)) + b"</body></html>\r\n"


def plain(rng):
    return rng.choice(([], ["Content-Type: text/plain; charset=us-ascii"],
                       ["Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 7bit"])), ascii_of(rng)


def short(rng):
    return [], rng.choice((b"ok\r\n", b"disk 91 % full\r\n", b".\r\n", b" \r\n", b"\r\n", b"3\r\n\r\n\r\n", b"x \t \r\n"))


def empty(_):
    return [], b""


def flowed(rng):
    return ["Content-Type: text/plain; charset=UTF-8; format=flowed", "Content-Transfer-Encoding: 8bit"], b"".join(
        line.encode() + rng.choice((b" \r\n", b"\r\n")) for line in lines(rng))


def qp(rng):
    return ["Content-Type: text/plain;\r\n\tcharset=utf-8", "Content-Transfer-Encoding: quoted-printable"], quoted(text_of(rng))


def base64_text(rng):
    return ['Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: base64"], base64_of(text_of(rng))


def latin(rng):
    charset = rng.choice(("iso-8859-1", "windows-1252", "iso-8859-15", "koi8-r", "shift_jis", "gb18030"))
    return [f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: 8bit"], text_of(rng, 40, charset)


def raw8(rng):
    """8-bit text, and nothing that says so."""
    return [], text_of(rng, 20, rng.choice(("utf-8", "iso-8859-1", "windows-1252")))


def html(rng):
    return ["Content-Type: text/html; charset=utf-8", rng.choice(("Content-Transfer-Encoding: 8bit",
                                                                 "Content-Transfer-Encoding: 8Bit"))], html_of(rng)


def long_html(rng):
    """Lines as long as they may be."""
    rows = b"".join(b"<td>" + b"z" * rng.choice((500, 900, 985, 988)) + b"</td>\r\n" for _ in range(rng.randint(1, 30)))
    return ["Content-Type: text/html; charset=utf-8"], rows + b"w" * rng.choice((989, 990, 991, 997, 998)) + b"\r\n"


def alternative(rng):
    text = html_of(rng)
    how, body = rng.choice((("8bit", text), ("quoted-printable", quoted(text)), ("base64", base64_of(text))))
    return multipart(rng, "alternative", [
        part(["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"], text_of(rng)),
        part([f"Content-Transfer-Encoding: {how}", "Content-Type: text/html;\r\n\tcharset=utf-8"], body)])


def mixed(rng):
    fields, body = rng.choice((plain, qp, latin, alternative))(rng)
    return multipart(rng, "mixed", [part(fields, body), *[attachment(rng) for _ in range(rng.randint(1, 3))]])


def related(rng):
    fields, body = alternative(rng)
    image = part(["Content-Type: image/png; name=image001.png", "Content-ID: <image001.png@01DD29D5.22B4A5D0>",
                  "Content-Transfer-Encoding: base64", "Content-Disposition: inline"], base64_of(rng.randbytes(700)))
    return multipart(rng, "related", [part(fields, body), image], rng.choice(("", '; type="multipart/alternative"')))


def smime(rng):
    fields = ['Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n name="smime.p7m"',
              'Content-Disposition: attachment; filename="smime.p7m"', "Content-Transfer-Encoding: base64"]
    return fields, base64_of(rng.randbytes(2000), 64)


def signed(rng):
    fields, body = rng.choice((flowed, alternative, latin))(rng)
    more = '; protocol="application/pkcs7-signature";\r\n micalg=sha-256'
    return multipart(rng, "signed", [part(fields, body), attachment(rng)], more)


def pgp(rng):
    armour = base64_of(rng.randbytes(900), 64) + b"=abcd\r\n"
    text = b"-----BEGIN PGP MESSAGE-----\r\n\r\n" + armour + b"-----END PGP MESSAGE-----\r\n"
    return multipart(rng, "encrypted", [part(["Content-Type: application/pgp-encrypted"], b"Version: 1\r\n"),
                                        part(["Content-Type: application/octet-stream"], text)],
                     ';\r\n protocol="application/pgp-encrypted"')


def diff(rng):
    changed = [rng.choice((b"+", b"-", b" ")) + line.encode("ascii", "ignore") + b"\r\n" for line in lines(rng)]
    return [], b"".join((b"---\r\n a.c | 2 +-\r\n\r\n--- a/a.c\r\n+++ b/a.c\r\n@@ -1 +1 @@\r\n", *changed, b"-- \r\n2.39.2\r\n\r\n"))


def rfc822(rng):
    inner = b"Received: from a by b; Mon, 21 Sep 2026 14:13:20 +0000\r\nFrom: carl@example.net\r\nSubject: hello\r\n\r\n"
    return ["Content-Type: message/rfc822"], inner + ascii_of(rng)


def forwarded(rng):
    return ["Content-Type: text/plain; charset=UTF-8; format=flowed"], (
        b"-------- Forwarded Message --------\r\nSubject: \thello\r\nFrom: \tCarl <carl@example.net>\r\n\r\n" + ascii_of(rng))


def digest(rng):
    one = b"From: carl@example.net\r\nSubject: one\r\n\r\n"
    return multipart(rng, "digest", [part([], one + ascii_of(rng)) for _ in range(3)])


def vcard(_):
    return ["Content-Type: text/vcard; charset=utf-8"], "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Älice\r\nEND:VCARD\r\n".encode()


def scan(rng):
    fields = ['Content-Type: application/pdf; name="scan.pdf"', "Content-Transfer-Encoding: base64"]
    return multipart(rng, "mixed", [part(["Content-Type: text/plain"], b"\r\n"), part(fields, base64_of(rng.randbytes(30_000)))])


def _event(rng, method):
    rows = [f"METHOD:{method}", "BEGIN:VEVENT", "ORGANIZER;CN=\"Alice A.\":mailto:alice@example.com",
            "DESCRIPTION:" + "long text\\, " * 6, " folded on", f"UID:{rng.getrandbits(90):x}", "SUMMARY:Größe", "END:VEVENT"]
    return "\r\n".join(["BEGIN:VCALENDAR", *rows, "END:VCALENDAR", ""]).encode()


def calendar(rng):
    return ['Content-Type: text/calendar; charset="utf-8"; method=REQUEST;\r\n\tname="meeting.ics"',
            "Content-Transfer-Encoding: 8bit"], _event(rng, "REQUEST")


def calendar_reply(rng):
    return multipart(rng, "alternative", [
        part(['Content-Type: text/plain; charset="utf-8"'], b"\r\n"),
        part(['Content-Type: text/calendar; charset="utf-8"; method=REPLY', "Content-Transfer-Encoding: base64"],
             base64_of(_event(rng, "REPLY")))])


def receipt(rng):
    told = (b"Reporting-UA: mail.example.com; Mozilla Thunderbird\r\nFinal-Recipient: rfc822;alice@example.com\r\n"
            b"Original-Message-ID: <1@example.net>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n")
    return multipart(rng, "report", [
        part(["Content-Type: text/plain; charset=UTF-8"], ascii_of(rng, 3)),
        part(['Content-Type: message/disposition-notification; name="MDNPart2.txt"', "Content-Disposition: inline"], told)],
        "; report-type=disposition-notification")


KINDS = {
    "plain": plain, "short": short, "empty": empty, "flowed": flowed, "qp": qp, "base64": base64_text, "latin": latin,
    "raw8": raw8, "html": html, "long_html": long_html, "alternative": alternative, "mixed": mixed, "related": related,
    "smime": smime, "signed": signed, "pgp": pgp, "diff": diff, "rfc822": rfc822, "forwarded": forwarded, "digest": digest,
    "vcard": vcard, "scan": scan, "calendar": calendar, "calendar_reply": calendar_reply, "receipt": receipt,
}
PACKET = 65_535  # bytes of body that a milter is shown at once
ENDS = (b"", b"\r\n", b"\r\n\r\n\r\n", b" ", b"\t \r\n", b" \r\n \r\n", b"x", b"\r\n" * 40, b" \t" * 30, b".\r\n")


def ending(rng, body):
    """Another end than programs mostly give: none, empty lines, blanks, also where one packet ends."""
    if rng.random() < 0.15:
        return rng.choice((b"", b"\r\n", b"\r\n\r\n", b" ", b"\t\r\n", b" \r\n\r\n \r\n", b".", b"\r\n."))
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    if rng.random() < 0.2:
        room = PACKET * rng.randint(1, 2) - len(body) + rng.randint(-4, 4)
        filler = rng.choice((b"filler text\r\n", b"a b  c\t\r\n", b"\r\n", b"  \r\n", b"k" * 70 + b" \r\n"))
        if room > 0:
            body += (filler * (room // len(filler) + 1))[:room].removesuffix(b"\r")
    end = rng.choice(ENDS)
    last = body[body.rfind(b"\r\n", 0, -2) + 2 :]
    return body + end if len(last) > 900 else body.removesuffix(b"\r\n") + end
