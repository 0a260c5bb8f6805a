"""Header blocks: an ordinary one, and the worst that an attacker can make of what the caps allow, or just beyond
them. Each is a row of its name, what becomes of it, and its fields; {login} and {number} are filled in by who
sends it."""

import itertools
from dataclasses import dataclass

MAX_FIELDS, MAX_FIELD, MAX_BLOCK, MAX_LINE = 500, 32 << 10, 64 << 10, 998  # of the shipped header_syntax

ORDINARY = """\
Received: from laptop.example.net (laptop.example.net [192.0.2.7])
\tby mail.example.com (Postfix) with ESMTPSA id 4XyZ7D1mBnz9sQ
\tfor <bob@example.net>; Sat, 21 Nov 2026 10:00:00 +0000 (UTC)
Message-ID: <20261121.{number}@example.com>
Date: Sat, 21 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
User-Agent: Mozilla Thunderbird
Subject: minutes of meeting {number}
From: Alice Example <{login}>
To: Bob <bob@example.net>, Carol <carol@example.org>
References: <1@example.com> <2@example.com>
Content-Type: text/plain; charset=UTF-8; format=flowed
Content-Transfer-Encoding: 7bit
"""
# Without the fields that the block under measurement brings itself.
SHORT = """\
Message-ID: <20261121.{number}@example.com>
Date: Sat, 21 Nov 2026 10:00:00 +0000
From: Alice Example <{login}>
"""
LEFT = MAX_BLOCK - 512  # what the others leave room for


@dataclass(frozen=True)
class Block:
    name: str
    action: str  # accept or reject
    text: str

    def concrete(self, login="alice@example.com"):
        return self.text.replace("{login}", login).replace("{number}", "1")

    def write(self, folder):
        """Its file for the load client."""
        path = folder / f"{self.name}.block"
        path.write_text(self.text)
        return path


def _lines(name, items, separator, size):
    """A field of as many items as a size allows, in lines of at most MAX_LINE."""
    field, line = f"{name}: ", len(name) + 2
    for index, item in enumerate(items):
        more = separator + item if index else item
        if len(field) + len(more) + 2 >= size:
            break
        if line + len(more) >= MAX_LINE:
            field += "\n "
            line = 1
        field += more
        line += len(more)
    return field + "\n"


def _folded(name, piece, size):
    """A field of nothing but folds."""
    count = (size - len(name) - 3) // (len(piece) + 2)
    return f"{name}:" + f" {piece}\n" * count


def _forever(item):
    number = 0
    while True:
        yield item.format(number)
        number += 1


def _each(field, count):
    """Fields {0} to count, as far as the block has room."""
    text = ""
    for number in range(count):
        line = field.format(number)
        if len(text) + len(line) + 1 > LEFT:
            break
        text += line + "\n"
    return text


def _nested(name, size):
    """Comments in comments, with an end for each."""
    depth = (size - len(name) - 60) // 2
    opened = "".join("(" + ("\n " if at % 900 == 899 else "") for at in range(depth))
    closed = "".join(")" + ("\n " if at % 900 == 899 else "") for at in range(depth))
    return f"{name}: {opened}\n {closed}\n bob@example.net\n"


def _by_turns(encoded):
    """Fields of eight words, each in another charset than the one before."""
    words = itertools.cycle(f" =?{charset}?{encoded}?=" for charset in CHARSETS)
    text = ""
    for number in range(MAX_FIELDS - 4):
        field = f"X-{number}:" + "".join(itertools.islice(words, 8)) + "\n"
        if len(text) + len(field) > LEFT:
            break
        text += field
    return text


CHARSETS = """big5 big5-hkscs cp50220 cp932 gb18030 cp949 iso-2022-jp euc-jp koi8-r koi8-u mac cp437 cp850 cp852 cp866
cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso-8859-1 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5
iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-9 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 utf-7 utf-16
utf-16be utf-16le utf-32 utf-32be utf-32le tis-620""".split()
_HALF = MAX_FIELD - 64
_WORDS = "=?utf-8?Q?a{0}=C3=A9?="
BLOCKS = (
    Block("ordinary", "accept", ORDINARY),
    Block("most fields", "accept", SHORT + _each("X-{0}: " + "v" * 100, MAX_FIELDS - 4)),
    Block("too many fields", "reject", SHORT + "X: y\n" * 1000),
    Block("ten thousand fields", "reject", SHORT + "X: y\n" * 9990),
    Block("most recipients named", "accept", SHORT + _lines("To", _forever("N{0} <a{0}@example.net>"), ", ", _HALF)
          + _lines("Cc", _forever("N{0} <b{0}@example.net>"), ", ", _HALF - 512)),
    Block("nested comments", "accept", SHORT + _nested("To", _HALF) + _nested("Cc", _HALF - 600)),
    Block("encoded words", "accept", SHORT + _lines("Subject", _forever(_WORDS), " ", _HALF)
          + _lines("To", _forever(_WORDS), " ", _HALF - 600).rstrip("\n") + "\n <bob@example.net>\n"),
    Block("encoded words everywhere", "accept", SHORT + _each("X-{0}: =?utf-8?B?w6k=?= =?utf-8?Q?=C3=A9=C3=A9?= "
          "=?iso-8859-1?Q?=E9=E9=E9?= =?utf-8?B?w6nDqcOp?= =?utf-8?Q?=C3=A9=C3=A9=C3=A9?=", MAX_FIELDS - 4)),
    Block("charsets by turns", "accept", SHORT + _by_turns("Q?a")),
    Block("bytes of no charset", "accept", SHORT + _by_turns("B?/////////////w==")),
    Block("long folds", "accept", SHORT + _folded("Subject", "x", _HALF) + _folded("X-Folds", "x", _HALF - 512)),
    Block("quoted pairs", "accept", SHORT + _lines("To", _forever('"' + r"\a" * 40 + '" <a{0}@example.net>'), ", ",
                                                   _HALF)),
    Block("parameters", "accept", SHORT + "MIME-Version: 1.0\n"
          + _lines("Content-Type", ["text/plain", *(f"p{n}*{n % 10}*=utf-8''%41" for n in range(2000))], "; ", _HALF)
          + _lines("Content-Disposition", ["inline", *(f"q{n}=x" for n in range(4000))], "; ", _HALF - 600)),
    Block("references", "accept", SHORT + _lines("References", _forever("<{0}@example.net>"), " ", _HALF)
          + _lines("In-Reply-To", _forever("<{0}@example.net>"), " ", _HALF - 512)),
    Block("forged trust", "accept", SHORT + _each("Authentication-Results: mail.example.com; dkim=pass ({0})",
                                                  MAX_FIELDS - 4)),
    Block("forged signatures", "accept", SHORT + _each("DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s={0}; "
                                                       "h=from; bh=AA==; b=AA==", MAX_FIELDS - 4)),
    Block("many Resent", "reject", SHORT + _each("Resent-From: Alice <{{login}}> (x{0})\nResent-Sender: {{login}}",
                                                 (MAX_FIELDS - 4) // 2)),
    Block("many From", "reject", SHORT + _each("From: Alice <{{login}}> ({0})", MAX_FIELDS - 4)),
)
