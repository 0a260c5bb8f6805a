"""submilterctl enforce and observe change one value of the admin's configuration, and nothing else of it."""

import fcntl
import json
import os
import pwd
import re
import subprocess

import pytest

from daemon import BUILD
from enforce_cases import cases

NOBODY = pwd.getpwnam("nobody")
MODE = 0o640


def ctl(folder, *arguments):
    return subprocess.run([str(BUILD / "ctl" / "submilterctl"), "-c", str(folder / "submilter.conf"), *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, text=True)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(MODE)
        if os.getuid() == 0:
            os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)


def enforce(folder, command):
    more = ["--yes"] if command[0] == "enforce" else []
    return ctl(folder, *command, "--json", *more)


def modes(folder):
    """{"policies.submission.from": "observe"} of what submilterctl conf says is in force."""
    said = ctl(folder, "conf")
    assert said.returncode == 0, said.stderr
    return {path: word for word, path in re.findall(r'^ *mode = "([\w-]+)"; .*\(([\w.-]+)\)$', said.stdout, re.M)}


@pytest.mark.parametrize("case", [case for case in cases() if case.after], ids=str)
def test_becomes(case, tmp_path):
    put(tmp_path, case.before)
    done = enforce(tmp_path, case.command)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path) == {**case.before, **case.after}
    for name in case.before:
        status = (tmp_path / name).stat()
        assert status.st_mode & 0o7777 == MODE
        assert os.getuid() != 0 or status.st_uid == NOBODY.pw_uid
    said = json.loads(done.stdout)
    assert said["outcome"] == "done" and said["changes"]
    in_force = modes(tmp_path)
    wanted = {"enforce": lambda word: word not in ("observe", "off"), "observe": lambda word: word == "observe"}
    for change in said["changes"]:
        assert change["after"] == case.command[0]
        place = f"policies.{change['policy']}" if change["group"] is None else "groups.rules"
        assert change["group"] or wanted[change["after"]](in_force[f"{place}.{change['rule']}"]), change
    again = enforce(tmp_path, case.command)
    assert again.returncode == 0 and json.loads(again.stdout)["outcome"] == "nothing", again.stdout
    assert contents(tmp_path) == {**case.before, **case.after}


@pytest.mark.parametrize("case", [case for case in cases() if case.fails], ids=str)
def test_fails(case, tmp_path):
    put(tmp_path, case.before)
    done = ctl(tmp_path, *case.command, "--yes")
    assert done.returncode in (64, 78) and done.stdout == "", done
    assert case.fails in done.stderr
    assert contents(tmp_path) == case.before
    said = enforce(tmp_path, case.command)
    assert said.returncode == done.returncode and contents(tmp_path) == case.before
    if said.returncode == 78:
        answer = json.loads(said.stdout)
        assert case.fails in answer["error"] and (answer["outcome"], answer["exit"]) == ("failed", 78)


OBSERVED = b'policies: { submission: { from: { mode = "observe"; }; }; };\n'


def test_a_link_stays_one(tmp_path):
    """What it leads to is changed."""
    (tmp_path / "real").mkdir()
    put(tmp_path / "real", {"mail.conf": OBSERVED})
    (tmp_path / "submilter.conf").symlink_to("real/mail.conf")
    assert ctl(tmp_path, "enforce", "from", "--yes").returncode == 0
    assert (tmp_path / "submilter.conf").is_symlink()
    assert b"enforce" in (tmp_path / "real" / "mail.conf").read_bytes()


def test_two_at_once(tmp_path):
    """The draft of one is not the other's to take away or to put in place half filled; one that was left is."""
    put(tmp_path, {"submilter.conf": OBSERVED})
    draft = tmp_path / "submilter.conf.submilter-new"
    with open(draft, "w", encoding="utf-8") as half:
        half.write("half")
        half.flush()
        fcntl.flock(half, fcntl.LOCK_EX)
        done = ctl(tmp_path, "enforce", "from", "--yes")
        assert done.returncode == 73 and "somebody else" in done.stderr, done
        assert draft.read_text() == "half" and (tmp_path / "submilter.conf").read_bytes() == OBSERVED
    assert ctl(tmp_path, "enforce", "from", "--yes").returncode == 0
    assert contents(tmp_path) == {"submilter.conf": OBSERVED.replace(b"observe", b"enforce")}


@pytest.mark.parametrize("options, status", [((), 1), (("--dry-run",), 1), (("--dry-run", "--yes"), 0)], ids=str)
def test_nothing_is_changed_where_nothing_is_known(tmp_path, options, status):
    """Without records nobody knows whom it would meet."""
    put(tmp_path, {"submilter.conf": OBSERVED})
    done = ctl(tmp_path, "enforce", "from", *options, "--file", str(tmp_path / "none"))
    assert done.returncode == status, done
    assert "not known" in done.stdout and "Nothing was changed" in done.stdout and '+policies' in done.stdout
    assert contents(tmp_path) == {"submilter.conf": OBSERVED}


def test_an_action_that_the_rule_has_not(tmp_path):
    put(tmp_path, {"submilter.conf": OBSERVED})
    done = ctl(tmp_path, "enforce", "from", "--action", "fix", "--yes")
    assert done.returncode == 78 and "quarantine, tempfail, reject" in done.stderr
    assert contents(tmp_path) == {"submilter.conf": OBSERVED}


def test_what_the_whole_does_not_load_with(tmp_path):
    """A fault elsewhere is said, and nothing is written."""
    put(tmp_path, {"submilter.conf": OBSERVED, "conf.d/10.conf": b'policies: { submision: { }; };\n'})
    done = ctl(tmp_path, "enforce", "from", "--yes")
    assert done.returncode == 78 and '"submission"' in done.stderr and "10.conf:1" in done.stderr
    assert (tmp_path / "submilter.conf").read_bytes() == OBSERVED
