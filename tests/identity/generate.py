"""Fields, reproducible by their seed: mutations of seeds, in rounds. What the policy accepts and is built as
nothing before it was becomes a seed of the next rounds, so that mutations go on at the border of what passes."""

import base64
import random
import re

from seeds import read_words

TOKENS = re.compile(rb"""=\?[^?\s]*\?[bBqQ]\?[^?\s]*\?= | "(?:\\.|[^"\\])*" | \((?:\\.|[^()\\])*\) |
                         [A-Za-z0-9\x80-\xff'+_-]+ | \n[ \t] | . """, re.VERBOSE | re.DOTALL)
PAIRS = [(b'"', b'"'), (b"(", b")"), (b"<", b">"), (b"'", b"'"), (b"[", b"]"), (b"=?utf-8?q?", b"?="), (b" ", b" "),
         (b'"<', b'>"'), (b'("', b'")'), (b"x:", b";"), (b",", b",")]
WORDS = ["others", "others", "own", "specials", "specials", "specials", "raw", "encoded"]
LONGEST = 400
POOL = 6000


def shape_of(value):
    """How a field is built: two of the same shape differ in their words alone."""
    shape = []
    for token in TOKENS.findall(value):
        if token[:2] == b"=?" and len(token) > 2:
            kind = b"E"
        elif len(token) > 1 and token[:1] in b'"(':
            kind = token[:1] + bytes(sorted(set(token[1:-1]) & set(b'@<>,()"\\:;\n=')))
        elif token[:1].isalnum() or token[0] > 127:
            kind = b"a"
        else:
            kind = token
        shape.append(kind)
    return tuple(shape)


class Generator:
    def __init__(self, seeds, seed):
        self.chance = random.Random(seed)
        self.words = read_words()
        self.pool = sorted(set(seeds))
        self.unmade = list(self.pool)  # seeds that are still to be handed out as they are
        self.fixed = len(self.pool)
        self.shapes = set()

    def accepted(self, value):
        """The policy let it pass."""
        shape = shape_of(value)
        if shape in self.shapes:
            return
        self.shapes.add(shape)
        if len(self.pool) < self.fixed + POOL:
            self.pool.append(value)
        else:
            self.pool[self.fixed + self.chance.randrange(POOL)] = value

    def fields(self, count):
        return [self.unmade.pop() if self.unmade else self._field() for _ in range(count)]

    def _seed(self):
        """Rather one that has passed: most changes of it do not."""
        if len(self.pool) > self.fixed and self.chance.random() < 0.8:
            return self.pool[self.chance.randrange(self.fixed, len(self.pool))]
        return self.chance.choice(self.pool)

    def _field(self):
        tokens = TOKENS.findall(self._seed())
        for _ in range(self.chance.choice((1, 1, 1, 1, 2, 2, 3))):
            self._mutate(tokens)
        return b"".join(tokens)[:LONGEST]

    def _word(self):
        return self.chance.choice(self.words[self.chance.choice(WORDS)])

    def _span(self, tokens):
        begin = self.chance.randrange(len(tokens) + 1)
        return begin, min(len(tokens), begin + self.chance.choice((1, 1, 1, 2, 3, 5)))

    def _mutate(self, tokens):
        self.chance.choice((self._insert, self._insert, self._insert, self._replace, self._delete, self._repeat,
                            self._swap, self._wrap, self._encode, self._splice, self._inside))(tokens)

    def _insert(self, tokens):
        tokens.insert(self.chance.randrange(len(tokens) + 1), self._word())

    def _replace(self, tokens):
        begin, end = self._span(tokens)
        tokens[begin:end] = [self._word()]

    def _delete(self, tokens):
        begin, end = self._span(tokens)
        del tokens[begin:end]

    def _repeat(self, tokens):
        begin, end = self._span(tokens)
        at = self.chance.randrange(len(tokens) + 1)
        tokens[at:at] = tokens[begin:end]

    def _swap(self, tokens):
        if len(tokens) > 1:
            one, other = self.chance.sample(range(len(tokens)), 2)
            tokens[one], tokens[other] = tokens[other], tokens[one]

    def _wrap(self, tokens):
        begin, end = self._span(tokens)
        before, behind = self.chance.choice(PAIRS)
        tokens[begin:end] = [before, *tokens[begin:end], behind]

    def _encode(self, tokens):
        begin, end = self._span(tokens)
        text = b"".join(tokens[begin:end])
        charset = self.chance.choice((b"utf-8", b"UTF-8", b"us-ascii", b"iso-8859-1", b"gb18030"))
        if self.chance.random() < 0.4:
            text = b"b?" + base64.b64encode(text)
        else:
            text = b"q?" + re.sub(rb"[^A-Za-z0-9 ]", lambda byte: b"=%02X" % byte[0][0], text).replace(b" ", b"_")
        tokens[begin:end] = [b"=?" + charset + b"?" + text + b"?="]

    def _splice(self, tokens):
        other = TOKENS.findall(self._seed())
        begin, end = self._span(other)
        at = self.chance.randrange(len(tokens) + 1)
        tokens[at:at] = other[begin:end]

    def _inside(self, tokens):
        """A word into the middle of a token: of a quoted string, a comment, an encoded word, an atom."""
        if tokens:
            at = self.chance.randrange(len(tokens))
            cut = self.chance.randrange(len(tokens[at]) + 1)
            tokens[at] = tokens[at][:cut] + self._word() + tokens[at][cut:]
