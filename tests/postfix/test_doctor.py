"""Each finding of the doctor: provoked, mended by the very command that it prints, and gone."""

import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from doctor_breaks import BREAKS  # noqa: E402
from doctor_site import DoctorSite  # noqa: E402
from doctor_steps import OLD, SCRAM, at_submission, configured, main_cf  # noqa: E402
from harness.build import program  # noqa: E402
from harness.process import WITHOUT_SIGCHLD, run  # noqa: E402
from harness.smtp import SmtpClient  # noqa: E402
from harness.submilter import USER  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

# Found by a test of its own: test_cannot_look.
ELSEWHERE = {"doctor.could-not-look"}


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
    status, findings = site.doctor()
    assert status == 0, findings
    assert {each["id"] for each in findings} <= {"host.clock"}


def test_healthy_where_sigchld_was_ignored(site):
    """That postconf ended well is heard."""
    site.wrapper = WITHOUT_SIGCHLD
    status, findings = site.doctor()
    assert status == 0, findings


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: case.name)
def test_found_mended_gone(site, case):
    case.provoke(site)

    def looks():
        return site.doctor(*case.arguments)

    def found():
        """What is found, once that is among it, and nothing was too slow to be looked at."""
        status, findings = looks()
        kinds_found = {each["id"] for each in findings}
        return case.id in kinds_found and kinds_found.isdisjoint(ELSEWHERE - {*case.besides}) and (status, findings)

    # A reload takes effect a moment after the command has ended.
    status, findings = wait_until(found, f"the finding {case.id}", explain=lambda: str(looks()))
    assert status == 1
    assert {each["id"] for each in findings} <= {case.id, "host.clock", *case.besides}
    for each in [each for each in findings if each["id"] == case.id]:
        assert each["what"] and each["why"] and each["where"] and each["mend"]
        assert each["mend_is_command"] == (case.mend is None), each
        if case.mend is None:
            site.follow(each["mend"])
    if case.mend:
        case.mend(site)
    wanted_gone = {case.id} if case.besides else None

    def is_gone():
        if case.after:  # again and again: what mends by a reload does so a moment later
            case.after(site)
        status, findings = looks()
        if wanted_gone:
            return not any(each["id"] in wanted_gone for each in findings)
        return status == 0

    wait_until(is_gone, f"{case.id} to be gone", explain=lambda: str(looks()))


def test_every_kind_is_provoked():
    """But for Sendmail's and systemd's, whose tests say the same."""
    provoked = {case.id for case in BREAKS} | ELSEWHERE
    assert {each for each in kinds() if not each.startswith(("sendmail.", "service."))} == provoked


def test_cannot_look(site):
    """No Postfix to look at: that is not clean, and has an exit status of its own."""
    status, findings = site.doctor("--postfix-config", "/nonexistent")
    assert status == 69
    assert [each["id"] for each in findings if not each["accepted"]] == ["doctor.could-not-look"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_cannot_look_without_root(site):
    """Who is not root, and finds nothing wrong, is told so by the exit status: 77, and not 0."""
    site.as_user(USER)
    status, findings = site.doctor("--only", "socket")
    assert status == 77
    assert [each["id"] for each in findings] == ["doctor.could-not-look"]
    assert "root" in findings[0]["what"] and findings[0]["mend"] == "run it as root"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_who_may_not_look_finds_nothing_wrong(site):
    """What another user may not read says nothing of what the daemon can: no finding, and no command that would
    give the keys to that user's group."""
    site.as_user("mail")
    status, findings = site.doctor()
    assert status == 77, findings
    assert {each["id"] for each in findings} <= {"doctor.could-not-look", "host.clock"}, findings
    unseen = {each["where"] for each in findings if each["id"] == "doctor.could-not-look"}
    assert {str(site.submilter.keys), str(site.submilter.records.path)} <= unseen


def test_a_problem_counts_more_than_what_could_not_be_looked_at(site):
    site.postconf("-e", "smtpd_forbid_bare_newline = no")
    site.as_user(USER)
    status, findings = site.doctor()
    assert status == 1
    assert {"postfix.bare-newline", "doctor.could-not-look"} <= {each["id"] for each in findings}


def test_setup_where_nobody_asks_yet(site):
    """A line of main.cf alone would have all mail wait for a daemon that may not even run."""
    site.postconf("-e", "smtpd_milters =", "non_smtpd_milters =")
    for name in ("postfix.not-asked", "postfix.non-smtpd"):
        for found in site.findings(name, "--only", "coverage"):
            assert " setup postfix --postfix-config " in found["mend"] and found["mend"].endswith(" --yes --enforce")


def test_observing_by_setups_file(site):
    """It is read last: a mode in submilter.conf would change nothing."""
    drop_in = site.submilter.config.parent / "conf.d"
    drop_in.mkdir(exist_ok=True)
    (drop_in / "observe.conf").write_text('policies: { submission: { from: { mode = "observe"; }; }; };\n')
    (found,) = site.findings("config.observed", "--only", "config")
    assert found["where"] == str(drop_in / "observe.conf")
    assert re.search(r" setup postfix --postfix-config /\S+ --enforce --yes$", found["mend"])
    folder = site.submilter.config.parent
    said = site.inside("sh", "-c", shlex.join(["cd", str(folder)]) + " && " + shlex.join([
        str(program("ctl/submilterctl")), "-c", "./submilter.conf", "doctor", "--json", "--only", "config",
        "--postfix-config", os.path.relpath(site.postfix.config, folder)]))
    again = [each for each in json.loads(said.stdout)["findings"] if each["id"] == "config.observed"]
    assert f"submilterctl -c {folder}/submilter.conf setup" in again[0]["mend"], "it may be pasted in another folder"
    assert f"--postfix-config {folder}/" in again[0]["mend"]
    shutil.rmtree(drop_in)


def test_long_values_are_whole(site):
    """A command that lost its end would be pasted all the same."""
    entries = [f"inet:127.0.0.1:{port}" for port in range(1000, 1100)]
    site.postconf("-e", f"smtpd_milters = {', '.join([*entries, site.milter])}", "milter_default_action = accept")
    found = site.findings("postfix.default-action", "--only", "failopen")
    mend = next(each["mend"] for each in found if "smtpd_milters" in each["mend"].partition(" = ")[0])
    assert len(mend) > 2000 and all(entry in mend for entry in entries)
    assert mend.endswith(f"postfix -c {site.postfix.config} reload")
    site.follow(mend)
    assert not [each for each in site.findings("postfix.default-action", "--only", "failopen")
                if "smtpd_milters" in each["mend"].partition(" = ")[0]]


@pytest.mark.parametrize("table, checks_of", [
    ("/^Received:/ IGNORE\n", "smtp_header_checks"),
    ("/^X-Mailer:/ IGNORE\n", "milter_header_checks"),
])
def test_harmless_checks_are_no_finding(site, table, checks_of):
    file = site.folder / "checks"
    file.write_text(table)
    site.postconf("-e", f"{checks_of} = regexp:{file}")
    status, findings = site.doctor()
    assert status == 0, findings


def test_files_that_are_not_read_are_no_finding(site):
    """Of conf.d the daemon reads names that end in .conf."""
    folder = site.submilter.config.parent / "conf.d"
    folder.mkdir(exist_ok=True)
    files = [folder / name for name in ("local.conf~", "local.conf.dpkg-old", "README")]
    for file in files:
        file.write_text("")
        file.chmod(0o664)
    assert not site.findings("config.writable", "--only", "config")
    files[0].rename(folder / "local.CONF")
    assert site.findings("config.writable", "--only", "config")
    shutil.rmtree(folder)


def test_other_settings_of_a_list_stay(site):
    """What mends one word of a list, or one rule of a table, leaves the admin's others alone."""
    site.postconf("-e", "disable_mime_output_conversion = no", "smtp_discard_ehlo_keywords = chunking, 8bitmime, dsn")
    (found,) = site.findings("postfix.discards-8bitmime")
    site.follow(found["mend"])
    said = run(site.programs / "postconf", "-c", site.postfix.config, "-h", "smtp_discard_ehlo_keywords").stdout.decode()
    assert said.strip() == "chunking,dsn"
    file = site.folder / "checks"
    file.write_text("/^Received:/ IGNORE\n\n/^Subject:/ REPLACE Subject: x\n")
    site.postconf("-e", f"smtp_header_checks = regexp:{file}")
    (found,) = site.findings("postfix.header-checks")
    assert f"line 3 of {file}: /^Subject:/ REPLACE Subject: x" in found["what"]


def test_another_signer_alone_is_no_finding(site):
    """Who has decided that OpenDKIM signs, and we do not, needs no keys here."""
    opendkim = next(case for case in BREAKS if case.id == "signers.opendkim")
    opendkim.provoke(site)
    off = {"dkim": {"mode": "off"}}
    configured(policies={"submission": off, "local": off}, domains=[*site.submilter.settings["domains"], "new.example"])(site)
    status, findings = site.doctor()
    assert status == 0, findings
    assert "new.example" not in site.submilter.server.printed().rpartition("reloaded:")[2], "nor does the daemon warn"


def offer_all(site):
    main_cf(smtpd_sasl_mechanism_filter="!external, static:rest")(site)


def mechanisms_found(site):
    """{service: [(what, whether a command mends it)]}"""
    found = {}
    for each in site.findings("postfix.mechanism", "--only", "offer"):
        found.setdefault(each["where"], []).append((each["what"], each["mend_is_command"]))
    return found


def wait_for_mechanisms(site, *services):
    """A reload takes effect a moment after the command has ended."""
    wait_until(lambda: mechanisms_found(site).keys() == set(services), f"findings at {services}",
               explain=lambda: str(mechanisms_found(site)))
    return mechanisms_found(site)


def test_the_policy_of_the_port_says_what_is_refused(site):
    """What it allows is no finding, though the built-in policy does not; what it refuses is one, though that allows it."""
    submission, smtps = site.service("submission"), site.service("smtps")
    offer_all(site)
    wait_for_mechanisms(site, submission, smtps)
    at_submission(OLD)(site)
    ((what, is_command),) = wait_for_mechanisms(site, smtps)[smtps]
    assert "offers CRAM-MD5, which" in what and is_command
    (found,) = site.findings("postfix.mechanism", "--only", "offer")
    site.follow(found["mend"])
    wait_for_mechanisms(site)
    with SmtpClient(site.postfix.port("submission"), site.certificates.client()) as client:
        client.ehlo()
        client.starttls()
        assert "CRAM-MD5" in client.ehlo().text
        client.quit()
    at_submission(SCRAM)(site)
    ((what, is_command),) = wait_for_mechanisms(site, submission)[submission]
    assert is_command and {"PLAIN,", "LOGIN,", "CRAM-MD5,"} <= {*what.split()} and "SCRAM" not in what


def test_a_mechanism_that_some_may_use_is_not_taken_from_them(site):
    """Users of a group, or of a network; the finding names them, and has no command."""
    submission, smtps = site.service("submission"), site.service("smtps")
    offer_all(site)
    configured(groups=[{"name": "printers", "logins": ["printer"], "rules": OLD}])(site)
    ((what, is_command),) = wait_for_mechanisms(site, submission, smtps)[submission]
    assert what.endswith("allows only by group printers of policy submission") and not is_command
    configured()(site)
    at_submission({"auth": {"mechanisms": ["PLAIN", "SCRAM-SHA-256"]}},
                  {"clients": ["10.0.0.0/8"], "policy": "submission"})(site)
    (login, is_command), (cram, cram_is_command) = sorted(wait_for_mechanisms(site, submission, smtps)[submission])[::-1]
    assert "offers LOGIN to all" in login and login.endswith("allows only by policy submission") and not is_command
    assert "offers CRAM-MD5, which" in cram and cram_is_command


def test_networks_within_networks(site):
    """A policy that neither end of its network has."""
    submission, smtps = site.service("submission"), site.service("smtps")
    offer_all(site)
    at_submission(OLD, {"clients": ["10.0.0.0/24", "10.255.255.0/24"], "policy": "own"},
                  {"clients": ["10.0.0.0/8"], "policy": "submission"})(site)
    ((what, is_command),) = wait_for_mechanisms(site, submission, smtps)[submission]
    assert what.endswith("allows only by policy own") and not is_command


def test_a_group_that_may_less_is_no_finding(site):
    """It was meant to be refused: no change to what is offered would help."""
    configured(groups=[{"name": "admins", "logins": ["admin"], "rules": SCRAM}])(site)
    assert not mechanisms_found(site)


def test_accepted_in_one_place(site):
    site.postconf("-e", "smtp_line_length_limit = 500")
    assert site.doctor("--accept", "postfix.line-length@main.cf")[0] == 0
    assert site.doctor("--accept", "postfix.line-length@elsewhere")[0] == 1


def test_kinds_are_unique():
    assert len(kinds()) == len(set(kinds()))
