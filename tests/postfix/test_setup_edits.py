"""`submilterctl setup postfix` and the admin's own edits: what --undo and a setup after a kill make of them."""

import json
import shutil

import pytest

from harness.process import run
from setup_cases import CASES
from test_setup_safe import STRACE, hooked

EDIT = "message_size_limit = 5000000\n"


@pytest.fixture
def host():
    with CASES["debian-submission"][0]() as made:
        yield made


def main_of(host):
    return host.postfix / "main.cf"


def edit(host):
    main_of(host).write_text(main_of(host).read_text() + EDIT)


def kill_at_rename_of(host, path, when=1):
    """kill -9 before this file is put in its place."""
    host.settle()
    run(*STRACE, "-o", "/dev/null", "-P", f"{path}.submilter-new", "-e", "trace=rename",
        "-e", f"inject=rename:signal=KILL:when={when}", *host.command("--yes", "--no-keys"), check=False)


def kill_at_the_end(host):
    """All is done, but the manifest still says that it was begun."""
    host.plan("--undo", check=(0,))  # makes the folder
    kill_at_rename_of(host, host.backups / "manifest", when=2)


def test_lines_taken_out_by_hand_let_undo_end(host):
    before = main_of(host).read_text()
    host.plan("--yes", "--no-keys", check=(0,))
    edit(host)
    assert "main.cf" in host.plan("--undo", check=(73,))["error"]
    main_of(host).write_text(before + EDIT)
    host.plan("--undo", check=(0,))
    assert main_of(host).read_text() == before + EDIT and not host.config.exists()


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_setup_after_that_is_undone_with_the_edit_kept(host, force):
    before = main_of(host).read_text()
    host.plan("--yes", "--no-keys", check=(0,))
    main_of(host).write_text(before + EDIT)
    host.plan("--yes", "--no-keys", check=(0,))
    assert hooked(host)
    host.plan("--undo", *force, check=(0,))
    assert main_of(host).read_text() == before + EDIT


def test_an_edit_after_a_kill_before_main_cf(host):
    before = main_of(host).read_text()
    kill_at_rename_of(host, host.config)
    assert not hooked(host)
    edit(host)
    plan = host.plan("--yes", "--no-keys", check=(0,))
    assert any("nothing of setup's" in note for note in plan["notes"])
    assert hooked(host)
    host.plan("--undo", check=(0,))
    assert main_of(host).read_text() == before + EDIT


def test_an_edit_after_a_kill_behind_main_cf(host):
    before = main_of(host).read_text()
    kill_at_the_end(host)
    assert hooked(host)
    edit(host)
    plan = host.plan("--yes", "--no-keys", check=(0,))
    assert any("what is missing is added" in note for note in plan["notes"])
    assert hooked(host) and host.config.exists()
    assert "main.cf" in host.plan("--undo", check=(73,))["error"]
    main_of(host).write_text(before + EDIT)
    host.plan("--undo", check=(0,))
    assert not host.config.exists()


def test_what_was_taken_back_is_told_where_the_rest_fails(host):
    kill_at_the_end(host)
    assert hooked(host)
    failing = ("--yes", "--socket", f"unix:{host.folder}/out-of-reach/s.sock")
    done = run(*host.command(*failing, "--json"), check=False)
    plan = json.loads(done.stdout)
    assert plan["error"] and not hooked(host)
    assert any(f"taken back: {main_of(host)}" in note for note in plan["notes"])
    kill_at_the_end(host)
    done = run(*host.command(*failing), check=False)
    assert done.returncode == 78 and f"taken back: {main_of(host)}" in done.stdout.decode()


@pytest.fixture
def pair(host):
    """Two instances with one submilter.conf."""
    with CASES["debian-submission"][0]() as other:
        other.state, other.config = host.state, host.config
        other.records, other.history = host.records, host.history
        host.plan("--yes", "--no-keys", "--socket", "inet:18891@127.0.0.1", check=(0,))
        other.plan("--yes", "--no-keys", check=(0,))
        yield host, other


def observe_of(host):
    return host.config.parent / "conf.d/observe.conf"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_the_last_undo_takes_out_what_two_instances_share(pair, order, force):
    first, last = (pair[number] for number in order)
    written = first.conf()
    plan = first.plan("--undo", *force, check=(0,))
    assert any("as another MTA was set up with it" in note for note in plan["notes"])
    assert not any("submilter still runs" in line for line in plan["next"])
    assert not hooked(first) and hooked(last)
    assert last.conf() == written and observe_of(last).exists()
    last.plan("--undo", *force, check=(0,))
    assert not hooked(last) and not last.config.exists() and not observe_of(last).exists()
    assert not last.config.parent.exists()


def test_instances_with_their_own_conf_share_nothing(host):
    with CASES["debian-submission"][0]() as other:
        other.state = host.state
        host.plan("--yes", "--no-keys", check=(0,))
        other.plan("--yes", "--no-keys", check=(0,))
        host.plan("--undo", check=(0,))
        assert not host.config.exists() and other.config.exists()


def test_an_edited_conf_keeps_what_only_observes(host):
    host.plan("--yes", "--no-keys", check=(0,))
    host.config.write_text(host.conf() + "# the admin's\n")
    host.plan("--undo", check=(0,))
    assert host.config.exists() and observe_of(host).exists() and not hooked(host)


def test_undo_says_that_it_knows_of_no_setup_here(host):
    host.plan("--undo", check=(0,))
    host.plan("--yes", "--no-keys", check=(0,))
    old, host.state = host.state, host.folder / "another"
    plan = host.plan("--undo", check=(73,))
    assert f"{main_of(host)} asks submilter" in plan["error"] and str(host.state) in plan["error"]
    host.state = old
    first = host.postfix
    shutil.copytree(first, host.etc / "postfix-2")
    host.postfix = host.etc / "postfix-2"
    plan = host.plan("--undo", check=(73,))
    assert "postfix-" in plan["error"] and "/manifest" in plan["error"]
    host.postfix = first
    host.plan("--undo", check=(0,))
