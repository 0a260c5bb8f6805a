#!/usr/bin/python3
"""What the tests have run of policy/, and whether each reply to a client was made by one of them.

    coverage.py --build DIR

Reads what a build with --enable-coverage counted (gcov). Fails where less than LINES or BRANCHES of policy/ ran, where
a line that did not run has no reason in tests/coverage/GAPS, where a reason has no such line any more, and where a place
that makes a 4xx or 5xx reply did not run, or only some of what it may say.
"""

import argparse
import collections
import json
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
GAPS = TOP / "tests/coverage/GAPS"
LINES, BRANCHES = 95.0, 85.0  # per cent
# What makes a reply, or has one made: a violation, something unavailable, a fault inside.
SITE = re.compile(r"\b(verdict_violation|verdict_unavailable|reply_internal)\s*\(")


class Gaps:
    """The reasons of GAPS. A line of it: PATH: TEXT; below some of them, indented, why no test runs them."""

    def __init__(self):
        lines = (line for line in GAPS.read_text("utf-8").splitlines() if line.strip() and not line.startswith(("#", " ")))
        self.known = {(path, text.strip()) for path, _, text in (line.partition(": ") for line in lines)}
        self.used = set()

    def have(self, source, number):
        key = (source.path, source.text[number - 1].strip())
        self.used.add(key)
        return key in self.known

    def stale(self):
        return [f"GAPS: {path}: {text}: this runs by now, or is there no more"
                for path, text in sorted(self.known - self.used)]


class Source:
    """What ran of one file: how often each line, and each way out of its branches."""

    def __init__(self, path):
        self.path = path
        self.text = (TOP / path).read_text("utf-8").splitlines()
        self.lines = collections.Counter()
        self.branches = collections.defaultdict(list)

    def add(self, line):
        number = line["line_number"]
        self.lines[number] += line["count"]
        ways = [branch["count"] for branch in line["branches"] if not branch["throw"]]
        # An assertion is about bugs of ours: its other way is none that a test can take.
        if re.search(r"\b(static_)?assert\(", self.text[number - 1]):
            return
        before = self.branches[number]
        if len(before) == len(ways):
            ways = [a + b for a, b in zip(before, ways)]
        if len(ways) >= len(before):
            self.branches[number] = ways

    def not_run(self):
        return [number for number in sorted(self.lines) if not self.lines[number]]

    def site_ends(self, first):
        """The last line of the statement that begins in that line."""
        for number in range(first, len(self.text) + 1):
            if self.text[number - 1].rstrip().endswith((";", "{")):
                return number
        return first

    def sites(self):
        """(line, whether it ran and all it may say was said)."""
        for number, text in enumerate(self.text, 1):
            if not SITE.search(text) or not text.startswith(" "):  # a definition begins at the margin
                continue
            statement = range(number, self.site_ends(number) + 1)
            ran = [self.lines[line] for line in statement if line in self.lines]
            ways = [way for line in statement for way in self.branches.get(line, ())]
            if ran:
                yield number, any(ran) and all(ways)


def read(build):
    """{path: Source} of what gcov has about policy/."""
    sources = {}
    counts = sorted(map(str, build.rglob("*.gcda")))
    if not counts:
        raise SystemExit(f"{build}: nothing was counted there: ./configure --enable-coverage, and run the tests")
    for at in range(0, len(counts), 100):
        done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *counts[at:at + 100]],
                              cwd=build, capture_output=True, check=True)
        for file in (file for text in done.stdout.splitlines() for file in json.loads(text)["files"]):
            path = (build / file["file"]).resolve()
            if not path.is_relative_to(TOP) or path.relative_to(TOP).parts[0] != "policy" or not path.exists():
                continue
            path = str(path.relative_to(TOP))
            source = sources.setdefault(path, Source(path))
            for line in file["lines"]:
                source.add(line)
    return sources


def share(part, all_):
    return 100.0 * part / all_ if all_ else 100.0


def judge_policy(sources, gaps):
    """(figures, complaints) about policy/."""
    complaints = []
    lines = branches = ran_lines = ran_branches = 0
    for source in sources:
        lines += len(source.lines)
        ran_lines += sum(1 for count in source.lines.values() if count)
        ways = [way for number in source.branches for way in source.branches[number]]
        branches += len(ways)
        ran_branches += sum(1 for way in ways if way)
        complaints += [f"{source.path}:{number}: no test runs it, and GAPS has no reason: {source.text[number - 1].strip()}"
                       for number in source.not_run() if not gaps.have(source, number)]
    figures = f"policy/: {share(ran_lines, lines):.1f} % of {lines} lines, {share(ran_branches, branches):.1f} % of " \
              f"{branches} branches"
    if share(ran_lines, lines) < LINES or share(ran_branches, branches) < BRANCHES:
        complaints.append(f"{figures}: {LINES:.0f} % and {BRANCHES:.0f} % are wanted")
    return figures, complaints


def judge_replies(sources, gaps):
    sites = [(source, number, good) for source in sources for number, good in source.sites()]
    complaints = [f"{source.path}:{number}: no test has a client told this, or all that it may say: "
                  f"{source.text[number - 1].strip()}"
                  for source, number, good in sites if not good and not gaps.have(source, number)]
    return f"{len(sites)} places that make a reply", complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    asked = parser.parse_args()
    sources = read(asked.build.resolve())
    sources = [source for _, source in sorted(sources.items())]
    gaps = Gaps()
    figures, complaints = judge_policy(sources, gaps)
    replies, more = judge_replies(sources, gaps)
    complaints += [*more, *gaps.stale()]
    for line in complaints:
        print(line)
    print(f"{figures}; {replies}")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
