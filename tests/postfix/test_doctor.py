"""Each finding of the doctor: provoked, mended by the very command that it prints, and gone."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from doctor_breaks import BREAKS, UNPROVOKED  # noqa: E402
from doctor_site import DoctorSite  # noqa: E402
from harness.build import program  # noqa: E402
from harness.process import run  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

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

    def looks():
        return site.doctor(*ACCEPT_CLOCK, *case.arguments)

    # A reload takes effect a moment after the command has ended.
    status, findings = wait_until(
        lambda: next((each for each in [looks()] if any(one["id"] == case.id for one in each[1])), None),
        f"the finding {case.id}", explain=lambda: str(looks()))
    assert status == 1
    assert {each["id"] for each in findings} <= {case.id, "host.clock", *case.besides}
    for each in [each for each in findings if each["id"] == case.id]:
        assert each["what"] and each["why"] and each["where"] and each["mend"]
        assert each["mend_is_command"] == (case.mend is None), each
        if case.mend is None:
            site.follow(each["mend"])
    if case.mend:
        case.mend(site)
    if case.after:
        case.after(site)
    wanted_gone = {case.id} if case.besides else None

    def is_gone():
        status, findings = looks()
        if wanted_gone:
            return not any(each["id"] in wanted_gone for each in findings)
        return status == 0

    wait_until(is_gone, f"{case.id} to be gone", explain=lambda: str(looks()))


def test_every_kind_is_provoked():
    """But for Sendmail's and systemd's, whose tests say the same."""
    provoked = {case.id for case in BREAKS} | set(UNPROVOKED)
    assert {each for each in kinds() if not each.startswith(("sendmail.", "service."))} == provoked


def test_cannot_look(site):
    """No Postfix to look at: that is not clean, and has an exit status of its own."""
    status, findings = site.doctor(*ACCEPT_CLOCK, "--postfix-config", "/nonexistent")
    assert status == 69
    assert [each["id"] for each in findings if not each["accepted"]] == ["doctor.could-not-look"]


@pytest.mark.parametrize("table, checks_of", [
    ("/^Received:/ IGNORE\n", "smtp_header_checks"),
    ("/^X-Mailer:/ IGNORE\n", "milter_header_checks"),
])
def test_harmless_checks_are_no_finding(site, table, checks_of):
    file = site.folder / "checks"
    file.write_text(table)
    site.postconf("-e", f"{checks_of} = regexp:{file}")
    status, findings = site.doctor(*ACCEPT_CLOCK)
    assert status == 0, findings


def test_accepted_in_one_place(site):
    site.postconf("-e", "smtp_line_length_limit = 500")
    assert site.doctor(*ACCEPT_CLOCK, "--accept", "postfix.line-length@main.cf")[0] == 0
    assert site.doctor(*ACCEPT_CLOCK, "--accept", "postfix.line-length@elsewhere")[0] == 1


def test_kinds_are_unique():
    assert len(kinds()) == len(set(kinds()))
