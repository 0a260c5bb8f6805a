"""The drafts of `submilterctl setup postfix` below /tmp: what takes them away, what stays."""

import json
import re
import shutil
from pathlib import Path

import pytest

from harness.process import run
from setup_cases import CASES
from test_setup_safe import STRACE, killed


@pytest.fixture
def host():
    with CASES["debian-submission"][0]() as made:
        yield made


MARK = ".submilter-scratch"


def drafts():
    return set(Path("/tmp").glob("submilter-setup-*"))


def draft(*files, template="XXXXXX"):
    folder = Path(run("mktemp", "-d", f"/tmp/submilter-setup-{template}").stdout.decode().strip())
    (folder / "conf.d").mkdir()
    for name in files:
        (folder / name).write_text("a copy\n")
    return folder


def test_removes_drafts_that_a_kill_left(host):
    others = drafts()
    assert killed(host, "rename", 1, "--yes")
    mine = [path for path in drafts() - others if (path / "master.cf").exists()]
    stale, used = draft(MARK, "main.cf", "conf.d/x"), draft(MARK)
    host.settle()
    run("flock", used, *host.command("--yes", "--no-keys"))
    assert not stale.exists() and used.exists() and not any(path.exists() for path in mine)
    shutil.rmtree(used)


def test_removes_no_folder_of_others(host):
    """An admin's that is named alike, and what is mounted in one of ours. Its calls tell: other setups sweep /tmp, too."""
    kept = [draft("main.cf"), draft(MARK, "main.cf", template="again-backup-of-etc-XXXXXX")]
    linked, around = draft("main.cf"), draft(MARK)
    (linked / MARK).symlink_to(linked / "main.cf")
    elsewhere = host.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("")
    log = host.folder / "calls"
    run("mount", "--bind", elsewhere, around / "conf.d")
    try:
        host.settle()
        run(*STRACE, "-y", "-o", log, "-e", "trace=unlink,unlinkat,rmdir", *host.command("--yes", "--no-keys"))
    finally:
        run("umount", around / "conf.d")
        for folder in (*kept, linked, around):
            shutil.rmtree(folder, ignore_errors=True)
    calls = log.read_text()
    assert MARK in calls and "precious" not in calls
    assert not any(folder.name in calls for folder in (*kept, linked))


def flock_fails(host, how):
    """Of a plan: it locks nothing but its drafts."""
    log = host.folder / "calls"
    host.settle()
    done = run(*STRACE, "-o", log, "-e", "trace=flock,mkdir,mkdirat", "-e", f"inject=flock:error={how}",
               *host.command("--json"), check=False)
    made = re.findall(r'mkdir.*"(/tmp/submilter-setup-[^"]*)"', log.read_text())
    assert made and not any(Path(path).exists() for path in made)
    return done.returncode, json.loads(done.stdout), made


def test_says_that_tmp_takes_no_lock(host):
    code, plan, made = flock_fails(host, "ENOLCK")
    assert code == 78 and "/tmp cannot be locked: No locks available" in plan["error"] and len(made) == 1


def test_makes_another_draft_where_one_is_taken(host):
    usual = flock_fails(host, "EAGAIN:when=999")
    code, _, made = flock_fails(host, "EAGAIN:when=1")
    assert code == usual[0] == 2 and len(made) == len(usual[2]) + 1
