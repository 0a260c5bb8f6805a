"""Every case of cases/*.case."""

from pathlib import Path

import pytest

from harness.casefile import read_cases
from harness.mailcase import run_case
from suite_site import MTA


def of_this_mta(path, case):
    """The case as a parameter. "only: postfix, WHY" leaves it out with the others."""
    mta, _, why = (case.one("only") or "").partition(", ")
    marks = [pytest.mark.skip(reason=why)] if mta not in ("", MTA.name) else []
    return pytest.param(case.of_mta(MTA.name), id=f"{path.stem}: {case.name}", marks=marks)


CASES = [
    of_this_mta(path, case)
    for path in sorted((Path(__file__).parent / "cases").glob("*.case"))
    for case in read_cases(path)
]


@pytest.mark.parametrize("case", CASES)
def test_case(site, case):
    run_case(site, case)
