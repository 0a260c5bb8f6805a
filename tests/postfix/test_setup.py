"""`submilterctl setup postfix` on copies of differing configurations: what it proposes, does, undoes."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.build import program
from harness.host import owner, snapshot
from harness.process import run
from setup_cases import CASES, OURS


@pytest.fixture(params=CASES)
def case(request):
    make, expected = CASES[request.param]
    with make() as host:
        yield host, expected


@pytest.fixture
def host():
    with CASES["debian-submission"][0]() as made:
        yield made


def texts(host, wanted):
    return [text.replace("@FOLDER@", str(host.folder)) for text in wanted]


def assert_all_said(host, wanted, said):
    for text in texts(host, wanted):
        assert any(text in line for line in said), f"{text!r} is not among {said}"
    assert len(said) == len(wanted), said


def changed_lines(plan, path):
    diff = next((row["diff"] for row in plan["changes"] if row["path"] == str(path)), "")
    return [line for line in diff.splitlines() if re.match(r"[-+](?!--|\+\+)", line)]


def test_proposes_what_fits_and_changes_nothing(case):
    host, expected = case
    before = snapshot(host.folder)
    plan = host.plan(*expected.arguments, check=(2,))
    assert snapshot(host.folder) == before
    assert plan["pending"] and not plan["applied"] and plan["error"] is None
    assert_all_said(host, expected.warnings, plan["warnings"])
    assert_all_said(host, expected.notes, plan["notes"])
    keys = [row for row in plan["changes"] if row["kind"] == "do" and "keys" in row["what"]]
    assert bool(keys) == expected.signs
    main = changed_lines(plan, host.postfix / "main.cf")
    assert f"+submilter = {OURS}" in main
    assert any(row["path"] == str(host.postfix / "master.cf") for row in plan["changes"]) == expected.master_changes
    code, text = host.setup(*expected.arguments)
    assert code == 2 and "\n".join(main[:1]) in text


def test_does_it_once_and_undoes_it_byte_for_byte(case):
    host, expected = case
    (host.postfix / "main.cf").chmod(0o640)
    os.chown(host.postfix / "main.cf", 0, os.stat(host.data).st_gid)
    host.settle()
    run("/usr/sbin/postfix", "-c", host.postfix, "check")
    before = snapshot(host.etc), snapshot(host.queue)
    done = host.plan("--yes", *expected.arguments, check=(0,))
    assert done["applied"] and all(row["done"] for row in done["changes"])
    conf = host.conf()
    domains = ", ".join(f'"{domain}"' for domain in expected.domains)
    assert f"domains = [ {domains} ];" in conf
    assert ("ports = [ " + expected.ports + " ];" in conf) if expected.ports else "ports" not in conf
    assert (f"clients = [ {expected.relay} ]; login = false; policy" in conf) if expected.relay else "relay" not in conf
    for text in texts(host, expected.conf):
        assert text in conf
    assert (len(done["dns"]) == 2 * len(expected.domains)) == expected.signs
    assert ('dkim: { mode = "off"; }' in conf) != expected.signs
    assert host.milters() == expected.milters
    host.settle()
    assert not run("/usr/sbin/postfix", "-c", host.postfix, "check").stderr
    assert owner(host.postfix / "main.cf") == ("root", "postfix", "0o640")
    assert owner(host.queue / "submilter") == ("nobody", "postfix", "0o2750")
    assert owner(host.state)[2] == owner(host.backups)[2] == "0o700"
    assert owner(host.records.parent) == ("nobody", "adm", "0o2750")
    assert owner(host.history.parent) == ("nobody", "adm", "0o2750")

    after = snapshot(host.folder)
    again = host.plan(*expected.arguments, check=(0,))
    assert not again["changes"] and not again["pending"]
    host.plan("--yes", *expected.arguments, check=(0,))
    assert snapshot(host.folder) == after

    undone = host.plan("--undo", check=(0,))
    assert undone["action"] == "undo" and undone["applied"]
    left = snapshot(host.etc)
    keys = {path: left.pop(path) for path in list(left) if path.startswith(str(host.config.parent))}
    assert (left, snapshot(host.queue)) == before
    assert bool(keys) == expected.signs and all("/keys" in path or path == str(host.config.parent) for path in keys)
    assert any("the keys stay" in note for note in undone["notes"]) == expected.signs
    assert sorted(path.name for path in host.state.rglob("*")) == sorted(["lock", host.backups.name])
    assert not host.plan("--undo", check=(0,))["changes"]


def test_observes_first_and_enforces_when_told(host):
    host.plan("--yes", check=(0,))
    observe = host.config.parent / "conf.d/observe.conf"
    assert observe.exists()
    plan = host.plan("--enforce", check=(2,))
    assert [(row["kind"], row["path"]) for row in plan["changes"]] == [("remove-file", str(observe))]
    host.plan("--enforce", "--yes", check=(0,))
    assert not observe.exists()
    assert not host.plan(check=(0,))["changes"]
    before = snapshot(host.postfix)
    host.plan("--undo", check=(0,))
    assert not host.config.exists() and snapshot(host.postfix) != before


def test_leaves_a_configuration_of_the_admins_alone(host):
    host.config.parent.mkdir()
    own = f'domains = [ "example.org" ];\nsocket = "unix:{host.queue}/own/s.sock";\nuser = "nobody";\n'
    own += f'dkim: {{ keys = "{host.folder}/keys"; }};\n'
    host.config.write_text(own)
    host.plan("--yes", check=(0,))
    assert host.conf() == own
    assert os.listdir(host.config.parent / "conf.d") == ["observe.conf"]
    assert host.milters()["submission/inet"] == OURS.replace("submilter/submilter.sock", "own/s.sock")
    assert (host.folder / "keys/example.org").exists() and (host.queue / "own").exists()


def test_replaces_the_shipped_reference(host):
    host.config.parent.mkdir()
    shipped = Path(__file__).resolve().parents[2] / "conf/submilter.conf"
    host.config.write_bytes(shipped.read_bytes())
    host.plan("--yes", check=(0,))
    assert "domains = [ \"example.com\" ];" in host.conf()
    host.plan("--undo", check=(0,))
    assert host.config.read_bytes() == shipped.read_bytes()


def test_names_a_table_that_would_be_refused(host):
    (host.folder / "senders").write_text("alice@example.com alice\nalice@example.com bob\n")
    before = snapshot(host.folder)
    plan = host.plan("--yes", check=(78,))
    assert "senders:2" in plan["error"] and not plan["applied"]
    assert {**snapshot(host.folder), **before} == snapshot(host.folder)  # only the state folder is new


def test_wants_a_domain(host):
    run("/usr/sbin/postconf", "-c", host.postfix, "-e", "mydestination = localhost", "myorigin = localhost")
    assert "--domain" in host.plan(check=(78,))["error"]
    assert host.plan("--domain", "bücher.example", check=(2,))["pending"]
    assert "no domain" in host.plan("--domain", "a b", check=(78,))["error"]


def test_says_what_is_wrong_with_main_cf(host):
    with open(host.postfix / "main.cf", "a", encoding="utf-8") as main:
        main.write("smtpd_milters = ${open\n")
    before = snapshot(host.etc)
    plan = host.plan("--yes", check=(78,))
    assert plan["error"] and snapshot(host.etc) == before


def test_says_that_a_socket_is_out_of_reach(host):
    plan = host.plan("--socket", f"unix:{host.folder}/elsewhere/s.sock", check=(78,))
    assert "cannot reach the socket" in plan["error"]
    inet = host.plan("--socket", "inet:8894@127.0.0.1", check=(2,))
    assert "+submilter = { inet:127.0.0.1:8894, default_action=tempfail }" in changed_lines(inet, host.postfix / "main.cf")


def test_says_first_that_a_file_cannot_be_written(host):
    before = snapshot(host.etc)
    run("chattr", "+i", host.postfix / "main.cf")
    try:
        plan = host.plan("--yes", check=(73,))
    finally:
        run("chattr", "-i", host.postfix / "main.cf")
    assert "main.cf cannot be changed, it is immutable: chattr -i" in plan["error"]
    assert snapshot(host.etc) == before and not any(row["done"] for row in plan["changes"])
    assert not (host.queue / "submilter").exists()
    host.plan("--yes", check=(0,))


FULL_DISK = """
mount -t tmpfs -o size=64k none {postfix}
cp -a {copy}/. {postfix}
dd if=/dev/zero of={postfix}/fill bs=1k 2>/dev/null
{command} --yes
code=$?
rm {postfix}/fill
diff -r {copy} {postfix} && exit $code
"""


def test_takes_everything_back_when_the_disk_is_full(host):
    host.settle()
    run("cp", "-a", host.postfix, host.folder / "copy")
    script = FULL_DISK.format(postfix=host.postfix, copy=host.folder / "copy", command=host_command(host))
    done = run("unshare", "-m", "sh", "-c", script, check=False)
    assert done.returncode == 73, done
    assert b"No space left on device" in done.stderr and b"Everything was put back" in done.stderr
    assert not host.config.exists()


def test_takes_everything_back_when_postfix_says_no(host):
    """`postfix check` fails: main.cf and master.cf were in their places already."""
    (host.postfix / "postfix-script").write_text("#!/bin/sh\nexit 1\n")
    run("/usr/sbin/postconf", "-c", host.postfix, "-e", "command_directory = /nonexistent")
    before = snapshot(host.postfix)
    plan = host.plan("--yes", check=(73,))
    assert "Everything was put back" in plan["error"] and snapshot(host.postfix) == before


def test_keeps_what_the_admin_changed_since(host):
    before = snapshot(host.postfix)
    host.plan("--yes", check=(0,))
    with open(host.postfix / "main.cf", "a", encoding="utf-8") as main:
        main.write("biff = no\n")
    with open(host.config, "a", encoding="utf-8") as conf:
        conf.write("# mine\n")
    changed = snapshot(host.etc)
    plan = host.plan("--undo", check=(73,))
    assert str(host.postfix / "main.cf") in plan["error"] and snapshot(host.etc) == changed
    plan = host.plan("--undo", "--force", check=(0,))
    assert snapshot(host.postfix) == before
    assert "biff = no" in (host.backups / "main.cf.kept-1").read_text()


def test_warns_where_it_was_hooked_in_open_by_hand(host):
    run("/usr/sbin/postconf", "-c", host.postfix, "-e", "milter_default_action = accept",
        "smtpd_milters = unix:/submilter/submilter.sock", "non_smtpd_milters = unix:submilter/submilter.sock")
    plan = host.plan(check=(2,))
    assert not changed_lines(plan, host.postfix / "main.cf")
    assert sum("while submilter does not answer" in line for line in plan["warnings"]) == 2


def test_locks_out_a_second_one(host):
    host.plan("--yes", check=(0,))
    lock = host.state / "lock"
    done = run("flock", lock, "sh", "-c", f"{host_command(host)} --undo; echo status $?", check=False)
    assert b"another submilterctl setup" in done.stderr and b"status 75" in done.stdout


def host_command(host):
    return (f"{program('ctl/submilterctl')} -c {host.config} setup postfix --postfix-config {host.postfix} "
            f"--state {host.state} --records {host.records} --history {host.history} --user nobody --daemon {program('milter/submilter')}")


def test_shows_the_plan_to_who_is_not_root(host):
    done = run("setpriv", "--reuid", "nobody", "--clear-groups", "sh", "-c", host_command(host), check=False)
    assert done.returncode == 2 and b"+smtpd_milters = $submilter" in done.stdout
    done = run("setpriv", "--reuid", "nobody", "--clear-groups", "sh", "-c", f"{host_command(host)} --yes", check=False)
    assert done.returncode == 73 and b"Permission denied" in done.stderr
    (host.state / "postfix").mkdir(0o700, parents=True)
    done = run("setpriv", "--reuid", "nobody", "--clear-groups", "sh", "-c", f"{host_command(host)} --undo", check=False)
    assert done.returncode == 73 and b"is root's alone, for the backups: be root" in done.stderr, done


def test_tells_wrong_arguments():
    with CASES["debian"][0]() as made:
        assert "usage" in made.setup("--no-such-option", check=(64,))[1]


def enforcing(lines):
    """The command for a shell that "Next" has for it."""
    [line] = [line for line in lines if "--enforce --yes" in line]
    return line.split("refused: ")[1]


def test_what_comes_next_is_for_the_same_instance(host):
    """Pasted as it is, in another folder, it enforces here and nowhere else."""
    shutil.copytree(host.state.parent / "etc/postfix", host.folder / "postfix-out")
    host.postfix, host.state = host.folder / "postfix-out", host.folder / "sta te"
    more = ("--domain", "example.org", "--socket", f"unix:{host.queue}/own/s.sock", "--no-keys")
    command = enforcing(host.plan("--yes", *more, check=(0,))["next"])
    words = shlex.split(command)
    assert words[1:] == [*host.command()[1:], *more, "--enforce", "--yes"]
    before = snapshot(host.etc / "postfix")
    bin_folder = program("ctl/submilterctl").parent
    run("sh", "-c", f"cd / && PATH={bin_folder}:$PATH && {command}")
    assert not (host.config.parent / "conf.d/observe.conf").exists()
    assert snapshot(host.etc / "postfix") == before and len(list(host.state.iterdir())) == 2


def in_folder(host, *arguments):
    """setup called in the host's /etc, with paths from there."""
    host.settle()
    command = [program("ctl/submilterctl"), "-c", "submilter.conf", "setup", "postfix", "--user", "nobody", *arguments]
    done = subprocess.run([str(word) for word in command], cwd=host.etc, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_what_comes_next_works_in_any_folder(host):
    code, text = in_folder(host, "--postfix-config", "./postfix", "--state", "../state")
    command = enforcing(text.splitlines())
    assert code == 2 and shlex.split(command) == [
        "submilterctl", "-c", str(host.etc / "submilter.conf"), "setup", "postfix", "--user", "nobody",
        "--postfix-config", str(host.postfix), "--state", f"{host.etc}/../state", "--enforce", "--yes"]


PATH_OR_NONE = "expected an absolute path, or '' for none"
FOUND = "expected where the MTA finds submilter"
BAD_VALUES = [("--records", "r.jsonl", PATH_OR_NONE), ("--history", "hist db", PATH_OR_NONE), ("--socket", "foo", FOUND),
              ("--socket", "", FOUND), ("--socket", "fd:4", FOUND), ("--socket", "inet:8894@mail", FOUND),
              ("--socket", "unix:/" + 200 * "s", "expected a socket path of at most"),
              ("--user", "", "expected the name of a user"), ("--user", "-r", "expected the name of a user"),
              ("--state", "", "expected a path"), ("--daemon", "", "expected a path"),
              ("--postfix-config", "", "expected a path")]


@pytest.mark.parametrize("option, value, expected", BAD_VALUES)
def test_names_the_option_whose_value_is_bad(host, option, value, expected):
    before = snapshot(host.folder)
    plan = host.plan("--yes", option, value, check=(78,))
    assert plan["error"].startswith(f"{option} {shlex.quote(value)}: {expected}"), plan["error"]
    assert not plan["changes"] and not plan["warnings"] and snapshot(host.folder) == before


def test_names_the_file_that_would_be_wrong(host):
    """A draft is loaded, which is gone by the time that somebody reads of it."""
    long = host.folder / ("q" * 100)
    host.queue.rename(long)
    run("/usr/sbin/postconf", "-c", host.postfix, "-e", f"queue_directory = {long}")
    error = host.plan(check=(78,))["error"]
    assert error.startswith(f"the proposed {host.config}:") and "socket: expected" in error


def test_keeps_no_records_where_none_are_wanted(host):
    host.plan("--yes", "--records", "", check=(0,))
    assert 'log: { json = ""; };' in host.conf() and not host.records.parent.exists()
    assert f'counters: {{ file = "{host.history.parent}/limits"; }};' in host.conf()
    assert not host.plan(check=(0,))["changes"]


@pytest.mark.parametrize("history, shown", [(True, "{} log{} --follow"), (False, "submilter's lines in the mail log")])
def test_says_where_to_look_without_a_file_of_records(host, history, shown):
    none = ("--records", "") if history else ("--records", "", "--history", "")
    command = f"submilterctl -c {host.config}"
    steps = host.plan(*none, check=(2,))["next"]
    assert "See what it would refuse, and why: " + shown.format(command, " --would") in steps, steps
    steps = host.plan("--yes", "--enforce", *none, check=(0,))["next"]
    assert "See what it refuses, and why: " + shown.format(command, "") in steps, steps
    host.plan("--undo", check=(0,))
    host.config.write_text(f'domains = [ "example.com" ];\nsocket = "unix:{host.queue}/submilter/s.sock";\n'
                           f'log: {{ json = ""; }};\nhistory: {{ file = "{host.history if history else ""}"; }};\n')
    steps = host.plan("--enforce", check=(2,))["next"]
    assert "See what it refuses, and why: " + shown.format(command, "") in steps, steps


def test_keeps_no_history_where_none_is_wanted(host):
    done = host.plan("--yes", "--history", "", check=(0,))
    assert 'history: { file = ""; };' in host.conf() and "counters" not in host.conf()
    assert any("--history ''" in line and "counters.file is not set" in line for line in done["warnings"])
    assert not any("./" in line or ". does" in line for line in done["warnings"])
    assert not host.history.parent.exists() and host.records.parent.exists()
