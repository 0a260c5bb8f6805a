"""./quickstart --keep and --stop, but for the building."""

import json
import os
import subprocess
import sys
from pathlib import Path

from harness.background import Note
from harness.build import BUILD, TOP
from harness.process import run
from harness.waiting import accepts, wait_until


def quickstart(*arguments):
    done = subprocess.run([sys.executable, "-m", "harness.quickstart", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
                          env={**os.environ, "PYTHONPATH": str(TOP / "tests")})
    assert done.returncode == 0, done.stdout
    return done.stdout


def named_in_processes(folder):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(path)
        except OSError:
            pass  # it has ended
    return found


def kept():
    return json.loads((BUILD / "kept").read_text())


def test_what_is_kept_is_ended():
    shown = quickstart("--keep")
    note = kept()
    try:
        socket = f"{note['folder']}/postfix/queue/submilter/submilter.sock"
        assert "All as expected." in shown and note["text"] in shown and accepts(socket)
        assert "There is one already" in quickstart("--keep") and kept() == note
        hints = [line.split("(")[0].split() for line in note["text"].splitlines() if "ctl/submilterctl" in line]
        explain = next(command for command in hints if command[3] == "explain")
        wait_until(lambda: run(*explain, check=False).returncode == 0, "the history to have it")
        said = {command[3]: run(*command).stdout.decode() for command in hints}
        assert "ceo@example.com" in said["log"] and "not-owned" in said["explain"]
        assert "in force" in said["observe"], "it finds the daemon"
    finally:
        assert note["folder"] in quickstart("--stop")
    assert not Path(note["folder"]).exists() and not named_in_processes(note["folder"])
    assert quickstart("--stop") == "Nothing is running.\n"


def test_what_a_killed_keeper_left_is_ended():
    quickstart("--keep")
    note = kept()
    os.kill(note["pid"], 9)
    wait_until(Note(BUILD / "kept").free, "the keeper to end")
    assert note["folder"] in quickstart("--stop")
    assert not Path(note["folder"]).exists() and not named_in_processes(note["folder"])
