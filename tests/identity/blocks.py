"""Whole messages, reproducible by their seed: lines put in, taken out, swapped, and their names, colons and ends
changed. What passes and is built as nothing before it was is changed further."""

import random
import re

from seeds import read_words

LONGEST = 1500
POOL = 3000
LINE = re.compile(rb"[^\n]*\n|[^\n]+")
# Bytes that a reader may skip, trim, or take for an end, and others.
ODD = [bytes([byte]) for byte in (*range(33), *b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", 127, 128, 133, 160, 255)] + [
    b"\xc2\x85", b"\xc2\xa0", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xe2\x80\x8b", b"\r\n", b"\n\r", b"\n ", b"\n\t"]


def shape_of(block):
    """How a message is built: names that say From, the marks in all names, how lines end and go on."""
    shape = []
    for line in LINE.findall(block):
        name, colon, value = line.partition(b":")
        name = name if b"rom" in name.lower() else re.sub(rb"[A-Za-z]+", b"a", name)
        shape.append((name[:40], colon, value[:1], b"@" in value, line[-2:-1] in b" \t:;,"))
    return tuple(shape)


class BlockGenerator:
    def __init__(self, seeds, seed):
        self.chance = random.Random(seed)
        self.words = read_words()
        self.pool = sorted(set(seeds))
        self.unmade = list(self.pool)
        self.fixed = len(self.pool)
        self.shapes = set()

    def accepted(self, block):
        shape = shape_of(block)
        if shape in self.shapes:
            return
        self.shapes.add(shape)
        if len(self.pool) < self.fixed + POOL:
            self.pool.append(block)
        else:
            self.pool[self.fixed + self.chance.randrange(POOL)] = block

    def blocks(self, count):
        return [self.unmade.pop() if self.unmade else self._block() for _ in range(count)]

    def _seed(self):
        if len(self.pool) > self.fixed and self.chance.random() < 0.7:
            return self.pool[self.chance.randrange(self.fixed, len(self.pool))]
        return self.chance.choice(self.pool)

    def _block(self):
        lines = LINE.findall(self._seed()) or [b"\n"]
        for _ in range(self.chance.choice((1, 1, 1, 2, 2, 3))):
            self._mutate(lines)
        return b"".join(lines)[:LONGEST]

    def _word(self, kind):
        return self.chance.choice(self.words[kind])

    def _at(self, lines):
        return self.chance.randrange(len(lines)) if lines else 0

    def _mutate(self, lines):
        self.chance.choice((self._field, self._field, self._line, self._name, self._name, self._end, self._odd,
                            self._delete, self._swap, self._splice))(lines)

    def _field(self, lines):
        """One more field, of somebody else's mostly, somewhere."""
        value = self._word(self.chance.choice(("others", "others", "own")))
        lines.insert(self._at(lines), self._word("names") + self._word("colons") + value + self._word("ends"))

    def _line(self, lines):
        lines.insert(self._at(lines), self._word("lines"))

    def _name(self, lines):
        """Something odd into a field's name, or another name in its place."""
        at = self._at(lines)
        if not lines:
            return
        name, colon, value = lines[at].partition(b":")
        cut = self.chance.choice((0, len(name), self.chance.randrange(len(name) + 1)))
        if self.chance.random() < 0.3:
            name = self._word("names")
        else:
            name = name[:cut] + self.chance.choice(ODD) + name[cut:]
        lines[at] = name + colon + value

    def _end(self, lines):
        if lines:
            at = self._at(lines)
            lines[at] = lines[at].rstrip(b"\r\n") + self._word("ends")

    def _odd(self, lines):
        if lines:
            at = self._at(lines)
            cut = self.chance.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:cut] + self.chance.choice(ODD) + lines[at][cut:]

    def _delete(self, lines):
        if len(lines) > 1:
            del lines[self._at(lines)]

    def _swap(self, lines):
        if len(lines) > 1:
            one, other = self.chance.sample(range(len(lines)), 2)
            lines[one], lines[other] = lines[other], lines[one]

    def _splice(self, lines):
        other = LINE.findall(self._seed())
        at = self._at(lines)
        begin = self._at(other)
        lines[at:at] = other[begin:begin + self.chance.choice((1, 1, 2, 3))]
