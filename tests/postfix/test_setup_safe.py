"""`submilterctl setup postfix` where something goes wrong: edits meanwhile, broken files, kills, forged backups."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from harness.host import owner, snapshot
from harness.network import in_own_network
from harness.process import run
from setup_cases import CASES
from test_setup_live import LIVE, LiveHost

STRACE = ("strace", "-E", "ASAN_OPTIONS=detect_leaks=0")  # looking for leaks is tracing, too
AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


@pytest.fixture
def host():
    with CASES["debian-submission"][0]() as made:
        yield made


def etc_of(host):
    """All of /etc but submilter's own folder, where keys stay."""
    return {path: what for path, what in snapshot(host.etc).items() if not path.startswith(str(host.config.parent))}


def hooked(host):
    return "\nsubmilter = {" in (host.postfix / "main.cf").read_text()


def wrapped_daemon(host, line):
    """The daemon, and what happens meanwhile."""
    wrapper = host.folder / "wrapper"
    wrapper.write_text(f'#!/bin/sh\n{line}\nexec {host.command()[-1]} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


@pytest.mark.parametrize("above, owner_of_it, mode", [
    (False, "nobody", "0755"), (False, "root", "0777"), (True, "nobody", "0755"), (True, "root", "0777")])
def test_believes_no_backup_of_others(host, above, owner_of_it, mode):
    """The daemon's user could otherwise have root write any file with any mode."""
    target = host.folder / "evil"
    run("install", "-d", "-o", owner_of_it, "-m", mode, host.state)
    foreign = host.state
    if above:  # who moves it away, puts a folder of theirs there
        host.state = foreign / "state"
        run("install", "-d", "-m", "0700", host.state)
    else:
        run(*AS_NOBODY, "mkdir", host.state / "postfix")
        run(*AS_NOBODY, "sh", "-c", f'echo "submilter setup 1\nfile 1 4755 0 0 - - {target}" >{foreign}/postfix/manifest')
    for arguments in (("--undo",), ("--undo", "--force"), ("--yes",)):
        plan = host.plan(*arguments, check=(73,))
        assert str(foreign) in plan["error"] and "--state" in plan["error"]
        assert "chown" not in plan["error"] and "chmod" not in plan["error"]
    assert not target.exists() and not hooked(host)
    if not above:  # given to root, the folder holds what they put there
        forged = host.folder / "forged"
        (host.state / "postfix/manifest").rename(forged)
        shutil.rmtree(host.state)
        host.plan("--undo", check=(0,))
        forged.rename(host.backups / "manifest")
        plan = host.plan("--undo", check=(73,))
        assert "manifest" in plan["error"] and "forged" in plan["error"] and not target.exists()


def test_an_edit_meanwhile_is_not_written_over(host):
    daemon = wrapped_daemon(host, f'echo "# an edit" >>{host.postfix}/main.cf')
    plan = host.plan("--yes", "--daemon", daemon, check=(73,))
    assert "main.cf was changed by somebody else" in plan["error"]
    assert (host.postfix / "main.cf").read_text().endswith("# an edit\n")
    assert not hooked(host) and not host.config.exists()


def test_instances_do_not_share_backups(host):
    with CASES["debian"][0]() as other:
        shutil.copytree(other.postfix, host.etc / "postfix-b")
        first, second = host.postfix, host.etc / "postfix-b"
        before = {folder: snapshot(folder) for folder in (first, second)}
        host.plan("--yes", "--socket", "inet:8894@127.0.0.1", check=(0,))
        host.postfix = second
        host.plan("--yes", check=(0,))
        assert len([path for path in host.state.iterdir() if path.is_dir()]) == 2
        host.plan("--undo", check=(0,))
        assert snapshot(second) == before[second] and snapshot(first) != before[first]
        host.postfix = first
        host.plan("--undo", check=(0,))
        assert snapshot(first) == before[first]


def test_one_instance_by_two_names_shares_them(host):
    before = snapshot(host.postfix)
    host.plan("--yes", check=(0,))
    (host.etc / "link").symlink_to(host.postfix)
    host.postfix = host.etc / "link"
    host.plan("--undo", check=(0,))
    assert snapshot(host.postfix.resolve()) == before


def break_conf(host):
    host.config.write_text("domains = [ ;;;\n")


def break_main(host):
    with open(host.postfix / "main.cf", "a", encoding="utf-8") as main:
        main.write("queue_directory = /nonexistent\nsmtpd_milters = ${open\n")


def lose_main(host):
    (host.postfix / "main.cf").unlink()


@pytest.mark.parametrize("happens, force", [(break_conf, False), (break_main, True), (lose_main, True)])
def test_undo_works_where_things_are_broken(host, happens, force):
    before = snapshot(host.postfix)
    host.plan("--yes", "--no-keys", check=(0,))
    happens(host)
    if force:
        assert "--force" in host.plan("--undo", check=(73,))["error"]
    plan = host.plan("--undo", *(["--force"] if force else []), check=(0,))
    assert plan["applied"] and snapshot(host.postfix) == before
    if happens is break_conf:
        assert any("cannot be read" in note for note in plan["notes"])


def test_undo_works_without_postfix(host):
    before = snapshot(host.postfix)
    host.plan("--yes", check=(0,))
    hide = "for name in postconf postfix; do mount --bind /dev/null /usr/sbin/$name; done; exec \"$@\""
    done = run("unshare", "-m", "sh", "-c", hide, "_", *host.command("--undo"), check=False)
    assert done.returncode == 0, done
    assert snapshot(host.postfix) == before and not host.config.exists()


def test_undo_works_without_the_instance(host):
    old = (host.postfix / "main.cf").read_bytes()
    host.plan("--yes", "--no-keys", check=(0,))
    shutil.rmtree(host.postfix)
    assert "main.cf" in json.loads(run(*host.command("--undo", "--json"), check=False).stdout)["error"]
    done = run(*host.command("--undo", "--force", "--json"), check=False)
    assert done.returncode == 0, done
    assert not host.config.exists() and (host.backups / "main.cf.kept-1").read_bytes() == old


@contextlib.contextmanager
def mounted_on_itself(path):
    run("mount", "--bind", path, path)
    try:
        yield
    finally:
        run("umount", path)


def takes_the_daemon_back():
    """Where a step fails after the daemon was started, that ends too."""
    with LiveHost("debian-submission", LIVE["debian-submission"]) as live:
        host = live.host
        trace = [*STRACE, "-o", "/dev/null", "-e", "trace=rename", "-e",
                 f"inject=rename:error=ENOSPC:when={rename_of_main_cf()}"]
        host.settle()
        done = run(*trace, *host.command("--yes", "--json", "--no-keys"), check=False)
        plan = json.loads(done.stdout)
        assert done.returncode == 73 and "main.cf cannot be written" in plan["error"], plan
        assert any(row["kind"] == "run" and row["command"][-2:] == ["-c", str(host.config)] and row["done"]
                   for row in plan["changes"]), "the daemon was started"
        stays = plan["error"].split("what stays: ")[1]
        assert str(host.records.parent) in stays and str(host.history.parent) in stays
        assert not host.config.exists() and not (host.queue / "submilter/submilter.sock").exists()
        assert not daemons(host)
        assert live.send().accepted and live.reloads() == 0
        live.setup("--yes")
        assert live.send().accepted and len(daemons(host)) == 1


def daemons(host):
    """Processes that run with this host's configuration."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            words = line.read_bytes().split(b"\0")
            if os.fsencode(host.config) in words and b"setup" not in words:
                found.append(int(line.parent.name))
    return found


def test_says_first_that_main_cf_is_a_mount_point():
    in_own_network(says_first_that_main_cf_is_a_mount_point)


def says_first_that_main_cf_is_a_mount_point():
    with LiveHost("debian-submission", LIVE["debian-submission"]) as live:
        host = live.host
        before = snapshot(host.etc)
        with mounted_on_itself(host.postfix / "main.cf"):
            plan = host.plan("--yes", check=(73,))
        assert "mount point" in plan["error"] and not any(row["done"] for row in plan["changes"])
        assert snapshot(host.etc) == before and not daemons(host)


def test_takes_the_daemon_back():
    in_own_network(takes_the_daemon_back)


def goes_on_after_a_kill():
    """The daemon was started, main.cf was being written."""
    with LiveHost("debian-submission", LIVE["debian-submission"]) as live:
        host = live.host
        before = etc_of(host)
        host.settle()
        assert killed(host, "rename", rename_of_main_cf(), "--yes")
        assert daemons(host) and not hooked(host) and live.send().accepted
        plan = live.setup("--yes")
        assert any("cut off" in note for note in plan["notes"])
        assert len(daemons(host)) == 1 and hooked(host)
        sent = live.send()
        assert sent.accepted and b"DKIM-Signature" in live.sink.wait(sent.queue_id).data
        live.setup("--undo")
        assert etc_of(host) == before


def test_goes_on_after_a_kill():
    in_own_network(goes_on_after_a_kill)


def rename_of_main_cf():
    """Which one it is; found out on a host like that."""
    with CASES["debian-submission"][0]() as twin:
        log = twin.folder / "calls"
        (twin.config.parent / "conf.d").mkdir(parents=True)
        twin.settle()
        run(*STRACE, "-o", log, "-e", "trace=rename", *twin.command("--yes", "--no-keys"))
        calls = [line for line in log.read_text().splitlines() if line.startswith("rename(")]
        [number] = [number for number, line in enumerate(calls, 1) if f'"{twin.postfix}/main.cf")' in line]
        return number


def killed(host, call, number, action):
    """kill -9 in a system call; whether it came to that."""
    host.settle()
    command = [*STRACE, "-o", "/dev/null", "-e", f"trace={call}",
               "-e", f"inject={call}:signal=KILL:when={number}", *host.command(action, "--no-keys")]
    return subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL


def steps_of(host, action):
    """Which calls change the host's files, drafts for postconf(1) left out: (call, number)."""
    log = host.folder / "calls"
    calls = ("rename", "mkdir", "unlink", "rmdir", "unlinkat", "mkdirat")
    host.settle()
    run(*STRACE, "-o", log, "-e", "trace=" + ",".join(calls), *host.command(action, "--no-keys"))
    counts, steps = Counter(), []
    for line in log.read_text().splitlines():
        call = line.split("(")[0]
        counts[call] += 1
        if call in calls and str(host.folder) in line and "ENOENT" not in line:
            steps.append((call, counts[call]))
    log.unlink()
    return steps


def left_overs(host):
    return [path for path in host.folder.rglob("*.submilter-new")]


def whole(host):
    return snapshot(host.etc), snapshot(host.queue)


@pytest.mark.parametrize("then", ["--undo", "--yes"])
def test_is_killed_at_each_step(host, then):
    """Undone, it is as it was; or done again, it is done, and then undone."""
    host.settle()
    run("/usr/sbin/postfix", "-c", host.postfix, "check")
    before = whole(host)
    steps = steps_of(host, "--yes")
    done = whole(host)
    host.plan("--undo", check=(0,))
    host.settle()
    assert whole(host) == before and len(steps) > 8
    for call, number in steps:
        if not killed(host, call, number, "--yes"):
            continue
        if then == "--yes":
            host.plan("--yes", "--no-keys", check=(0,))
            host.settle()
            assert {**whole(host)[0]}.keys() == done[0].keys() and not left_overs(host), (call, number)
            assert hooked(host) and (host.config.parent / "conf.d/observe.conf").exists(), (call, number)
            assert not host.plan("--no-keys", check=(0,))["changes"], (call, number)
        host.plan("--undo", check=(0,))
        host.settle()
        assert whole(host) == before and not left_overs(host), (call, number)
        assert sorted(path.name for path in host.state.rglob("*")) == sorted(["lock", host.backups.name])


def test_an_undo_is_killed_at_each_step(host):
    host.settle()
    run("/usr/sbin/postfix", "-c", host.postfix, "check")
    before = whole(host)
    host.plan("--yes", "--no-keys", check=(0,))
    steps = steps_of(host, "--undo")
    for index, (call, number) in enumerate(steps):
        host.plan("--yes", "--no-keys", check=(0,))
        killed(host, call, number, "--undo")
        if index % 2:
            host.plan("--yes", "--no-keys", check=(0,))
            assert hooked(host), (call, number)
        host.plan("--undo", check=(0,))
        host.settle()
        assert whole(host) == before and not left_overs(host), (call, number)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_rolls_back(host, number):
    """As of a lost ssh session: nothing is left half-way."""
    before = etc_of(host)
    ready = host.folder / "ready"
    os.mkfifo(ready)
    daemon = wrapped_daemon(host, f"cat {ready}")
    host.settle()
    process = subprocess.Popen(host.command("--yes", "--no-keys", "--daemon", daemon), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    with open(ready, "w", encoding="utf-8"):  # the daemon's check is at work
        process.send_signal(number)
    said = process.communicate()[1]
    assert process.returncode == -number and b"ended by a signal" in said
    assert etc_of(host) == before and not host.config.exists()


def test_what_nobody_heard_of(host):
    """A plan that nobody saw is no answer; what was done is said."""
    for arguments, changed in (((), False), (("--yes",), True), (("--undo",), True)):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(host.command(*arguments), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                                  check=False, text=True)
        assert done.returncode == 74 and ("the change was made" in done.stderr) == changed, done
        assert hooked(host) == (arguments == ("--yes",))


def test_escapes_what_steers_a_terminal(host):
    with open(host.postfix / "main.cf", "ab") as main:
        main.write(b"# \x1b[31mred\x07 \xe2\x80\xae \xff\nsmtpd_sender_login_maps = mysql:/etc/\x1b]0;owned\x07\n")
    host.settle()
    done = run(*host.command(), check=False)
    assert done.returncode == 2
    assert not set(done.stdout) & {0x1b, 0x07, 0xff} and b"\\x1b[31mred\\x07 \\xe2\\x80\\xae \\xff" in done.stdout


def test_shows_commands_as_a_shell_takes_them(host):
    host.config = host.etc / "sub milter's" / ("a" * 200) / ("b" * 200) / "submilter.conf"
    text = host.setup(check=(2,))[1]
    folder = str(host.config.parent).replace("'", "'\\''")
    assert f"+ install -d -m 0755 '{folder}'\n" in text
    assert f" -n -c '{folder}/submilter.conf'\n" in text
    made = [line[2:] for line in text.splitlines() if line.startswith("+ install -d -m 0755")]
    run("sh", "-c", "\n".join(made))
    assert host.config.parent.is_dir()


def test_the_arguments(host):
    assert "--force" in host.setup("--yes", "--force", check=(64,))[1] and not hooked(host)
    program = host.command()[0]
    for command in ("conf", "doctor", "key", "setup", "setup postfix", "setup sendmail", "test", "verify"):
        for option in ("--help", "-h"):
            done = run(program, *command.split(), option, check=False)
            assert done.returncode == 0 and done.stdout.startswith(b"usage: submilterctl ") and not done.stderr
    done = run(program, "setup", "exim", check=False)
    assert done.returncode == 64 and b"exim is not known; name the MTA: postfix or sendmail" in done.stderr


def test_says_the_error_and_not_the_warning_before_it(host):
    with open(host.postfix / "main.cf", "a", encoding="utf-8") as main:
        main.write("biff = no\nbiff = no\nsmtpd_milters = ${open\n")
    assert "overriding earlier entry" not in host.plan(check=(78,))["error"]


def test_a_link_and_its_file(host):
    """main.cf was a link, which somebody's tools have replaced by a file since."""
    real = host.folder / "repository"
    real.mkdir()
    main = host.postfix / "main.cf"
    shutil.move(main, real / "main.cf")
    main.symlink_to(real / "main.cf")
    old = main.read_bytes()
    host.plan("--yes", check=(0,))
    assert main.is_symlink() and hooked(host)
    main.unlink()
    shutil.copy(real / "main.cf", main)
    assert str(main) in host.plan("--undo", check=(73,))["error"]
    host.plan("--undo", "--force", check=(0,))
    assert main.read_bytes() == (real / "main.cf").read_bytes() == old


def test_a_mode_that_was_changed_since_stays(host):
    host.plan("--yes", check=(0,))
    (host.postfix / "main.cf").chmod(0o600)
    plan = host.plan("--undo", check=(0,))
    assert owner(host.postfix / "main.cf")[2] == "0o600" and any("mode or owner" in note for note in plan["notes"])
