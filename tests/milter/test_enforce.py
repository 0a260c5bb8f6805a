"""What submilterctl enforce does to a daemon that is at work."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess

import pytest

from daemon import BUILD, CONFIG, FREE, HISTORY, PROGRAM, Daemon
from gate import Gate
from harness.milter_mta import EOM, Outcome
from harness.waiting import PATIENCE, wait_until
from look_back import unheard
from observing import (ENFORCED, OBSERVING, ctl, enforce, is_refused, mail, observing, policies,  # noqa: F401
                       send)
from test_history import wait_for_rows


def test_it_asks_before_it_refuses_mail(observing):
    daemon = observing.daemon
    for options in ([], ["--dry-run"]):
        done = enforce(daemon, *options)
        assert done.returncode == 1 and "Nothing was changed" in done.stdout, done
        assert "3 that went through would have been refused, of 2 people" in done.stdout
        assert "lab@example.com" not in done.stdout.split("would have been refused")[1].split("---")[0]
        assert policies(daemon) == OBSERVING
    assert send(observing, "alice@example.com", "ceo@example.com").accepted
    observing.record()


def test_enforced_it_refuses(observing):
    """The next such message is refused; mail under way when it changed is judged as it began."""
    daemon = observing.daemon
    message, client = mail("alice@example.com", "ceo@example.com")
    player = observing.player(client)
    player.begin(message)
    done = enforce(daemon, "--yes", "--json")
    assert done.returncode == 0, (done, daemon.log()[-2000:])
    said = json.loads(done.stdout)
    assert (said["outcome"], said["reload"]) == ("done", "taken")
    assert (said["measured"]["messages"], said["measured"]["people_count"], said["measured"]["judged"]) == (3, 2, 7)
    assert [(row["policy"], row["group"]) for row in said["changes"]] == [("submission", None)]
    assert [(row["policy"], row["group"]) for row in said["stays"]][:1] == [("submission", "lab")]
    assert policies(daemon) == ENFORCED
    player.body(message.body)
    assert Outcome(EOM, player.eom()).accepted, "it began before"
    assert is_refused(player.message(message))
    assert send(observing, "alice@example.com").accepted
    assert send(observing, "lab@example.com", "ceo@example.com").accepted, "their group observes it"
    assert [record["action"] for record in observing.records(4)].count("reject") == 1


def test_what_nobody_heard_of(observing):
    """What changes nothing does not say so; what was enforced stays."""
    daemon = observing.daemon
    assert "change was made" not in unheard(daemon, "enforce", "from", "--daemon", PROGRAM)
    assert policies(daemon) == OBSERVING
    assert "the change was made" in unheard(daemon, "enforce", "from", "--daemon", PROGRAM, "--yes")
    assert policies(daemon) == ENFORCED


def test_what_nobody_breached_is_enforced_at_once(observing):
    """And the group's mode with it, when that is named."""
    daemon = observing.daemon
    done = ctl(daemon, "enforce", "sender", "--daemon", str(PROGRAM))
    assert done.returncode == 0 and "none would have been refused or deferred" in done.stdout and "in force" in done.stdout
    group = enforce(daemon, "--group", "lab", "--yes")
    assert group.returncode == 0 and "of 1 person" in group.stdout
    assert is_refused(send(observing, "lab@example.com", "ceo@example.com"))
    assert send(observing, "alice@example.com", "ceo@example.com").accepted, "it is observed for all others"
    observing.records(2)


def test_each_of_several_rules_has_to_be_known(observing):
    """What nobody knows of one is not made up for by another; a message counts once as judged."""
    daemon = observing.daemon
    both = json.loads(ctl(daemon, "enforce", "sender", "display_name", "--json", "--dry-run").stdout)
    assert both["measured"]["known"] and both["measured"]["judged"] == 7 and both["exit"] == 0
    off = ctl(daemon, "enforce", "sender", "privacy", "--policy", "submission", "--json")
    said = json.loads(off.stdout)
    assert off.returncode == 1 and not said["measured"]["known"] and "privacy" in said["measured"]["why_not"]
    assert policies(daemon) == OBSERVING


def test_a_message_that_several_rules_refuse_counts_once(observing):
    daemon = observing.daemon
    message, client = mail("alice@example.com", "ceo@example.com")
    assert observing.play(message.with_headers(*message.headers, ("Sender", " boss@example.com")), client).accepted
    observing.record()
    wait_for_rows(daemon, 8)
    both = json.loads(ctl(daemon, "enforce", "from", "sender", "--json", "--dry-run").stdout)["measured"]
    assert (both["messages"], both["judged"], both["people_count"]) == (4, 8, 2)
    assert sum(row["messages"] for row in both["would_refuse"]) == 5


def test_and_back(observing):
    daemon = observing.daemon
    before = daemon.config.read_bytes()
    assert enforce(daemon, "--yes").returncode == 0
    assert is_refused(send(observing, "bob@example.com", "ceo@example.com"))
    done = ctl(daemon, "observe", "from", "--policy", "submission", "--daemon", str(PROGRAM))
    assert done.returncode == 0 and "in force" in done.stdout, done
    assert daemon.config.read_bytes() == before
    assert send(observing, "bob@example.com", "ceo@example.com").accepted
    observing.records(2)


def test_what_the_daemon_refuses_is_put_back(observing):
    """A key that cannot be read is no fault of the configuration's: the daemon alone finds it."""
    daemon = observing.daemon
    before = daemon.config.read_bytes(), stat.S_IMODE(daemon.config.stat().st_mode), daemon.config.stat().st_uid
    broken = daemon.folder / "keys" / "example.com" / "broken.pem"
    broken.write_text("no key\n")
    broken.chmod(0o644)
    done = enforce(daemon, "--yes")
    assert done.returncode == 73 and "broken.pem" in done.stderr and "put back" in done.stderr, done
    assert (daemon.config.read_bytes(), stat.S_IMODE(daemon.config.stat().st_mode), daemon.config.stat().st_uid) == before
    assert not list(daemon.folder.glob("*.submilter-new"))
    assert send(observing, "alice@example.com", "ceo@example.com").accepted
    broken.unlink()
    assert enforce(daemon, "--yes").returncode == 0
    assert is_refused(send(observing, "alice@example.com", "ceo@example.com"))
    observing.records(2)


def meeting_point(daemon):
    return b"\0submilter/reload-of/%d" % daemon.process.pid


def is_sent_away(daemon, digest):
    """Whether somebody waits for the daemon's report; false ones are handed in, and get no answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as impostor:
        if impostor.connect_ex(meeting_point(daemon)) != 0:
            return False
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            impostor.send(b"reloaded " + digest.encode())
            assert impostor.recv(1) == b""
        return True


def test_nobody_but_the_daemon_says_that_it_is_in_force(observing):
    """Another process that answers in its place is not believed."""
    daemon = observing.daemon
    digest = json.loads(enforce(daemon, "--dry-run", "--json").stdout)["config"]
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        command = [str(BUILD / "ctl" / "submilterctl"), "-c", str(daemon.config), "enforce", "from", "--yes",
                   "--daemon", str(PROGRAM), "--json"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as waits:
            wait_until(lambda: is_sent_away(daemon, digest), "somebody who waits")
            # Who believed it would wait no more by the time that the next one is done with.
            assert is_sent_away(daemon, digest) and is_sent_away(daemon, digest), "the daemon has not answered yet"
            os.kill(daemon.process.pid, signal.SIGCONT)
            said = json.loads(waits.communicate(timeout=PATIENCE)[0])
        assert waits.returncode == 0 and said["reload"] == "taken" and said["config"] == digest
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)


def test_where_the_daemon_cannot_be_heard(observing):
    """Somebody keeps the name: the change is written, the daemon told, and that it is not seen is said."""
    daemon = observing.daemon
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as keeper:
        keeper.bind(meeting_point(daemon))
        done = enforce(daemon, "--yes")
        assert done.returncode == 75 and "ss -xlp" in done.stdout and "has not said" in done.stdout, done
    assert policies(daemon) == ENFORCED
    daemon.wait_for_log("reloaded:", PATIENCE)
    assert is_refused(send(observing, "alice@example.com", "ceo@example.com"))
    observing.record()


@FREE
def test_strangers_are_not_told(observing):
    """Whoever is neither root nor the daemon's user waits in vain."""
    daemon = observing.daemon
    if os.getuid() != 0:
        pytest.skip("only root can be somebody else")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
        os.seteuid(1)
        try:
            stranger.bind(meeting_point(daemon))
            stranger.listen()
        finally:
            os.seteuid(0)
        daemon.reload()
        daemon.wait_for_log("reloaded:", PATIENCE)
        called, _ = stranger.accept()
        with called:
            pid, *_ = struct.unpack("3i", called.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            assert pid == daemon.process.pid
            assert called.recv(2000) == b""


def enforced(gate, *options, config=None, wrapper=()):
    """Without a word on where the daemon is, it holds, and the daemon says so."""
    config = ("-c", str(config)) if config else ()
    done = subprocess.run([*wrapper, str(BUILD / "ctl" / "submilterctl"), *config, "enforce", "from", "--yes", "--json",
                           *options], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["reload"] == "taken", done
    assert policies(gate.daemon) == ENFORCED
    assert is_refused(send(gate, "alice@example.com", "ceo@example.com"))
    gate.record()


@pytest.mark.parametrize("arguments", [("-f", "-c{config}"), ("-fc", "{config}"), ("-vfc{config}",)],
                         ids=["-f -cFILE", "-fc FILE", "-vfcFILE"])
def test_a_daemon_started_otherwise(start_daemon, arguments):
    """However getopt takes the name of the file."""
    gate = start_daemon(OBSERVING, config=CONFIG + HISTORY, arguments=arguments)
    enforced(gate, "--daemon", PROGRAM, config=gate.daemon.config)


def test_a_daemon_asked_for_by_another_name(start_daemon):
    """A link to its file."""
    gate = start_daemon(OBSERVING, config=CONFIG + HISTORY)
    other = gate.daemon.folder / "run" / "same.conf"
    other.symlink_to(gate.daemon.config)
    enforced(gate, "--daemon", PROGRAM, config=other)


@FREE
@pytest.mark.skipif(os.getuid() != 0, reason="needs a mount, which only root can make")
def test_a_daemon_with_the_default_file():
    """Started as "submilter". In a namespace that has the file in its place."""
    usage = subprocess.run([PROGRAM, "--help"], capture_output=True, check=True, text=True).stdout
    default = pathlib.Path(re.search(r"\(default (.*)\)", usage)[1])
    daemon = Daemon(OBSERVING, config=CONFIG + HISTORY, arguments=("-f",))
    etc = daemon.folder / "etc"
    (etc / default.parent.name).mkdir(parents=True)
    (etc / default.parent.name / default.name).symlink_to(daemon.config)
    daemon.wrapper = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"',
                      str(etc), str(default.parent.parent))
    try:
        gate = Gate(daemon.start())
        daemon.wait_for_log("started: config=", PATIENCE)
        enforced(gate, "--daemon", PROGRAM, wrapper=daemon.wrapper)
        assert daemon.stop() == 0, daemon.log()
    finally:
        daemon.remove()


def test_a_daemon_of_a_pid_file(start_daemon, tmp_path):
    """Where no process runs that program with the configuration, the pid file names the daemon."""
    gate = start_daemon(OBSERVING, config=CONFIG + HISTORY + 'pid_file = "{folder}/run/pid";\n')
    enforced(gate, "--daemon", shutil.copy2(PROGRAM, tmp_path / "submilter"), config=gate.daemon.config)


def test_during_a_hand_over(generations):
    """The daemon before still serves a session: it reads the change, too."""
    gate = generations(OBSERVING)
    daemon = gate.daemon
    message, client = mail("alice@example.com", "ceo@example.com")
    player = gate.player(client)
    assert player.message(message).accepted
    daemon.hand_over()
    (old,) = daemon.earlier
    done = enforce(daemon, "--yes", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["reload"] == "taken", done
    assert is_refused(player.message(message)) and old.poll() is None, "by the one before"
    assert is_refused(gate.play(message, client)), "by its successor"
    gate.records(3)
    player.session.close()


def test_what_ends_with_it_is_said(observing):
    """Signing, taking forged fields out, and holding back who is frozen."""
    daemon = observing.daemon
    done = ctl(daemon, "observe", "dkim", "trust_headers", "login_state", "from", "--policy", "submission", "--dry-run", "--json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["warnings"] == [
        "while dkim is observed, nothing is signed in policy submission",
        "while trust_headers is observed, forged fields are not taken out in policy submission",
        "while login_state is observed, frozen and slowed logins go on sending in policy submission"]


def test_no_daemon(observing):
    """What is to be done by hand is said."""
    daemon = observing.daemon
    daemon.terminate()
    daemon.process.wait(PATIENCE)
    done = enforce(daemon, "--yes")
    assert done.returncode == 0 and "pkill -USR1" in done.stdout, done
    assert f"no {PROGRAM} runs with {daemon.config}" in done.stdout and "no pid_file is set" in done.stdout
    assert policies(daemon) == ENFORCED
    pid_file = daemon.folder / "run" / "pid"
    daemon.config.write_text(f'pid_file = "{pid_file}";\n' + daemon.config.read_text())
    done = ctl(daemon, "observe", "from", "--daemon", str(PROGRAM))
    assert done.returncode == 0 and f"the pid_file {pid_file} names none that runs" in done.stdout, done


def expect(daemon, *lines):
    """The configuration names these expectations from now on."""
    path = daemon.folder / "expectations"
    path.write_text("".join(line + "\n" for line in lines))
    daemon.config.write_text(f'expectations = "{path}";\n' + daemon.config.read_text())
    return path


FOREIGN = "alice@example.com from ceo@example.com mail-from alice@example.com over TLS: "


@pytest.mark.parametrize("runs", [True, False])
def test_what_breaks_an_expectation_is_not_written(observing, runs):
    """With a daemon and without; also the way back. What holds goes through."""
    daemon = observing.daemon
    if not runs:
        daemon.terminate()
        daemon.process.wait(PATIENCE)
    path = expect(daemon, f"{FOREIGN}accepted", "bob@example.com over TLS: accepted", f"{FOREIGN}accepted, signed")
    before = daemon.config.read_bytes()
    for options in ([], ["--yes"], ["--dry-run"]):
        done = enforce(daemon, *options)
        assert done.returncode == 73 and daemon.config.read_bytes() == before, done
        for number in (1, 3):
            assert f'{path}:{number}: "{FOREIGN}accepted' in done.stdout
        assert "would not hold: it would be refused from.not-owned" in done.stdout and f"{path}:2" not in done.stdout
        assert "2 of 3 expectations would not hold" in done.stderr
    said = json.loads(enforce(daemon, "--yes", "--json").stdout)
    assert (said["outcome"], said["exit"], len(said["warnings"])) == ("failed", 73, 2)
    assert "reload" not in daemon.log()
    path.write_text(f"{FOREIGN}refused from.not-owned\n")
    assert enforce(daemon, "--yes").returncode == 0
    back = ctl(daemon, "observe", "from", "--daemon", str(PROGRAM))
    assert back.returncode == 73 and f"{path}:1:" in back.stdout and policies(daemon) == ENFORCED
    path.write_text("nonsense\n")
    back = ctl(daemon, "observe", "from", "--daemon", str(PROGRAM))
    assert back.returncode == 73 and f"{path}:1:" in back.stderr and policies(daemon) == ENFORCED


def test_what_cannot_be_told_is_the_daemons_to_refuse(observing):
    """A start goes on with it."""
    daemon = observing.daemon
    daemon.terminate()
    daemon.process.wait(PATIENCE)
    patterns = daemon.folder / "patterns"
    patterns.write_text("/^(z+)+$/ alice@example.com\n")
    path = expect(daemon, f"alice@example.com from {'z' * 30}@example.com over TLS: refused")
    text = daemon.config.read_text()
    daemon.config.write_text(f'senders: {{ tables = [ "pcre:{patterns}" ]; }};\n' + text)
    done = enforce(daemon, "--yes")
    assert done.returncode == 0 and f"{path}:1: it cannot be told" in done.stdout, done
