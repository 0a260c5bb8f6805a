"""Every case of cases/*.case."""

from pathlib import Path

import pytest

from harness.casefile import read_cases
from harness.mailcase import run_case

CASES = [
    pytest.param(case, id=f"{path.stem}: {case.name}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.case"))
    for case in read_cases(path)
]


@pytest.mark.parametrize("case", CASES)
def test_case(site, case):
    run_case(site, case)
