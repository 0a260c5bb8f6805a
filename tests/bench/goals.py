"""The goals, and whether they are reached: rows of what, the goal, the figure, yes or no."""

import statistics

from blocks import BLOCKS
from comparison import MAIN

KB_A_CONNECTION, KB_IDLE = 48, 16 * 1024
# What no message may notice of a reload: its longest one by that of a run without.
NOTICED = 3
BEYOND_CAPS = {"too many fields", "ten thousand fields"}  # refused by the caps themselves


def _row(what, goal, figure, reached, text=None):
    if figure is None:
        return [what, goal, "not measured", ""]
    return [what, goal, text or f"{figure:.2f}", "reached" if reached else "NOT REACHED"]


def _median(values):
    return statistics.median(values) if values else None


def _at_least(what, values, least):
    figure = _median(values)
    return _row(what, f"at least {least} x", figure, figure is not None and figure >= least)


def _at_most(what, figure, most, unit):
    text = None if figure is None else f"{figure:,.2f} {unit}"
    return _row(what, f"at most {most} {unit}", figure, figure is not None and figure <= most, text)


def _series_row(results, series, label):
    return dict(results.series[series][2]).get(label) if series in results.series else None


def _policy(results):
    rows = dict(results.policy)
    ordinary = rows.get("ordinary")
    yield _at_most("policy, an ordinary message, its record written", ordinary and ordinary["record_us"], 40, "us")
    within = {name: row["us"] for name, row in rows.items() if name not in BEYOND_CAPS}
    complete = set(within) >= {block.name for block in BLOCKS} - BEYOND_CAPS
    worst = max(within, key=within.get) if complete else None
    yield _at_most(f"policy, worst block within the caps{f' ({worst})' if worst else ''}",
                   within[worst] if worst else None, 1000, "us")


def _processors(results):
    what, least = "messages/s on two processors to one", 1.8
    row = _series_row(results, "processors", "submilter, two processors")
    apart = _series_row(results, "processors", "submilter, one on each of two")
    if not row:
        yield _at_least(what, [], least)
        return
    yield _row(what, f"at least {least} x", row["scale"], row["scale"] >= least,
               f"{row['scale']:.2f} (one on each: {apart['scale']:.2f})")


def _memory(results):
    idle = results.comparison.idle_kb.get("submilter")
    yield _at_most("memory, idle", idle and idle / 1024, KB_IDLE // 1024, "MB")
    for stage in ("helo", "body"):
        row = _series_row(results, "connections", f"2,000 after {stage}")
        yield _at_most(f"memory a connection, 2,000 open, after {stage}", row and row["kb_each"], KB_A_CONNECTION, "KB")


def _reload(results):
    still = _series_row(results, "reload", "no reload")
    for label, most in (("all new", 5), ("one key, one line", 1)):
        row = _series_row(results, "reload", label)
        yield _at_most(f"reload, {label}", row and row["alone_s"], most, "s")
        figure = row["max_us"] / still["max_us"] if row and still else None
        yield _at_most(f"longest message, to one without reload, {label}", figure, NOTICED, "x")


def judge(results):
    comparison = results.comparison
    yield _at_least("messages/s to OpenDKIM's", comparison.ratios("per_second", MAIN, "opendkim"), 2.5)
    yield _at_least("messages/s to rspamd's", comparison.ratios("per_second", MAIN, "rspamd"), 1.25)
    yield _at_most("CPU a message to bare libmilter and libopendkim",
                   _median(comparison.ratios("cpu_us", MAIN, "bare")), 1.2, "x")
    yield from _policy(results)
    yield _at_least("messages/s, RSA and Ed25519, to OpenDKIM's by RSA",
                    comparison.ratios("per_second", "RSA and Ed25519", "opendkim", MAIN), 1)
    yield _at_most("p50 over inet to unix", _median(comparison.ratios("p50_us", "inet", "submilter", MAIN)), 2, "x")
    yield from _processors(results)
    yield from _memory(results)
    yield from _reload(results)
