"""One site for all tests of `submilterctl verify`."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from verify_site import VerifySite  # noqa: E402  (it needs the path above)


@pytest.fixture(scope="package")
def site():
    if os.geteuid() != 0:
        pytest.exit("these tests start an MTA of their own, which only root can do", returncode=77)
    with VerifySite() as running:
        yield running
