"""Each finding of the doctor: provoked, mended by the very command that it prints, and gone."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from doctor_breaks import BREAKS, UNPROVOKED  # noqa: E402
from doctor_site import DoctorSite  # noqa: E402
from harness.build import program  # noqa: E402
from harness.process import run  # noqa: E402

# Nothing here can make the kernel's clock synchronised, or not.
ACCEPT_CLOCK = ("--accept", "host.clock")


@pytest.fixture(scope="module")
def healthy():
    with DoctorSite() as running:
        yield running


@pytest.fixture
def site(healthy):
    """The healthy site, to be broken; it is put back afterwards."""
    healthy.save()
    yield healthy
    healthy.heal()


def kinds():
    listed = run(program("ctl/submilterctl"), "doctor", "--list").stdout.decode()
    return re.findall(r"^  (?:problem|advice|unknown) +(\S+)", listed, re.MULTILINE)


def test_healthy(site):
    status, findings = site.doctor(*ACCEPT_CLOCK)
    assert status == 0, findings
    assert {each["id"] for each in findings} <= {"host.clock"}


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_found_mended_gone(site, case):
    case.provoke(site)
    try:
        status, findings = site.doctor(*ACCEPT_CLOCK, *case.arguments)
        found = [each for each in findings if each["id"] == case.id]
        assert found, f"{case.id} was not found, but: {findings}"
        assert status != 0
        assert {each["id"] for each in findings} <= {case.id, "host.clock", *case.besides}
        for each in found:
            assert each["what"] and each["why"] and each["where"] and each["mend"]
            assert each["mend_is_command"] == (case.mend is None), each
            if case.mend is None:
                site.follow(each["mend"])
        if case.mend:
            case.mend(site)
        status, findings = site.doctor(*ACCEPT_CLOCK, *case.arguments)
        left = [each for each in findings if each["id"] not in (*case.besides, "host.clock")]
        assert not left, left
        assert status == 0 or case.besides
    finally:
        if case.tidy:
            case.tidy(site)


def test_every_kind_is_provoked():
    provoked = {case.id for case in BREAKS} | set(UNPROVOKED)
    assert set(kinds()) == provoked


def test_kinds_are_unique():
    assert len(kinds()) == len(set(kinds()))
