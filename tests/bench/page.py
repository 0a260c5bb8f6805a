"""RESULTS: the page."""

import statistics
import textwrap
import time

from comparison import MAIN, MAIN_TURNS
from goals import judge
from milters import ALL, Submilter

FIGURES = (("per_second", "messages a second", 0), ("cpu_us", "CPU us a message", 0), ("p50_us", "p50 us", 0),
           ("p99_us", "p99 us", 0))


def median(values):
    return statistics.median(values) if values else None


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def spread(values):
    """Median and extremes."""
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else "-"


def table(head, rows):
    """Columns as wide as they need; the first to the left."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        yield ("  " + "  ".join(cells)).rstrip()


def _comparison(comparison):
    names = [milter.name for milter in ALL]
    for figure, title, digits in FIGURES:
        yield ""
        yield f"{title[0].upper()}{title[1:]}, the median of {comparison.rounds} rounds (of {MAIN}: " \
              f"{comparison.rounds * MAIN_TURNS})"
        rows = [[cell.name, *(number(median(comparison.values(cell.name, name, figure)), digits) for name in names)]
                for cell in comparison.cells]
        yield from table(["", *names], rows)
    yield ""
    yield "submilter's by theirs, round by round: the median (and the extremes)"
    rows = []
    for cell in comparison.cells:
        rows.append([cell.name, *(spread(comparison.ratios("per_second", cell.name, name))
                                  for name in ("opendkim", "rspamd", "bare")),
                     spread(comparison.ratios("cpu_us", cell.name, "bare"))])
    yield from table(["", "messages: opendkim", "rspamd", "bare", "CPU: bare"], rows)
    yield ""
    yield "Memory in MB: just started, and after all of that"
    rows = []
    for name in names:
        last = max((max(comparison.values(cell.name, name, "rss_kb"), default=0) for cell in comparison.cells),
                   default=0)
        rows.append([name, number(comparison.idle_kb.get(name, 0) / 1024, 1), number(last / 1024, 1)])
    yield from table(["", "started", "after"], rows)


def _side_by_side(comparison):
    yield ""
    yield "Side by side"
    yield ""
    yield "Each does nothing but sign, by the same key and the same fields; submilter has the whole shipped policy on, and"
    yield f"writes its JSON and syslog records. Where nothing else is said: {MAIN}, 4 KB, unix socket, RSA-2048."
    yield from _comparison(comparison)


def _noise(comparison):
    """How far the same thing measured again came out otherwise."""
    swings = []
    for cell in comparison.cells:
        values = comparison.values(cell.name, "idle", "per_second")
        if len(values) > 1:
            swings.append((max(values) - min(values)) / median(values))
    return f"from round to round the idle milter, which does nothing, swung by {median(swings):.0%} (at most " \
           f"{max(swings):.0%})" if swings else "one round only: how noisy it was is not known"


COLUMNS = {
    "per_second": ("messages/s", 0), "cpu_us": ("CPU us", 0), "p50_us": ("p50 us", 0), "p99_us": ("p99 us", 0),
    "max_us": ("longest us", 0), "rss_kb": ("memory MB", 1), "start_s": ("start s", 2),
    "alone_s": ("reload alone s", 2), "reload_s": ("under load s", 2),
    "kb_each": ("KB each", 1), "threads": ("threads", 0), "instructions": ("instructions", 0), "us": ("us", 1),
    "record_instructions": ("with its record", 0), "record_us": ("us", 1),
    "scale": ("times", 2),
}


def _series(title, columns, rows):
    yield ""
    yield title
    cells = [[label, *(number(row[column] / 1024 if column == "rss_kb" else row[column], COLUMNS[column][1])
                       for column in columns)] for label, row in rows]
    yield from table(["", *(COLUMNS[column][0] for column in columns)], cells)


def page(results, machine, quick, load_averages):
    """The lines. results: .comparison, .series {name: (title, columns, rows)}, .policy rows."""
    comparison = results.comparison
    yield "What submilter costs, and what it reaches"
    yield "=========================================="
    yield ""
    yield f"Written by `make bench{' QUICK=1' if quick else ''}` on {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC. " \
          "What is measured, and how: README."
    yield ""
    loads = f"load of the machine before and after: {load_averages[0]:.1f}, {load_averages[1]:.1f}; {_noise(comparison)}"
    for line in (*machine, loads):
        yield from textwrap.wrap(line, 120, subsequent_indent="  ")
    yield ""
    yield "Goals"
    yield ""
    yield from table(["", "goal", "measured", ""], judge(results))
    if comparison.cells:
        yield from _side_by_side(comparison)
    if results.series:
        yield ""
        yield f"What {Submilter.name}'s cost grows with"
        yield ""
        yield f"{MAIN}, 4 KB, unix socket, RSA-2048, unless the series is about it."
        for title, columns, rows in results.series.values():
            yield from _series(title, columns, rows)
    if results.policy:
        yield from _series("The policy alone, without signing: instructions a message (callgrind), and time",
                           ("instructions", "us", "record_instructions", "record_us"), results.policy)
