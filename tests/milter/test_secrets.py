"""What of keys and passwords lies in the daemon's memory, and who may look there."""

import os
import re
import shutil

import pytest

from counters import fleet
from daemon import FREE, USER, sanitized
from harness import process_memory
from harness.process import run
from harness.waiting import wait_until

PLAIN = pytest.mark.skipif(sanitized("asan", "tsan"), reason="the sanitizer's shadow is some terabytes to look through")
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="the memory is hidden from all others")
PASSWORD = "correct-horse-battery-staple-0123456789"


def new_keys(daemon):
    """Others in the place of those of both domains."""
    for name, options in (("ed25519", ()), ("rsa", ("-pkeyopt", "rsa_keygen_bits:2048"))):
        pem = run("openssl", "genpkey", "-quiet", "-algorithm", name, *options).stdout
        for domain in ("example.com", "example.org"):
            path = daemon.folder / "keys" / domain / f"{name}.pem"
            path.write_bytes(pem)


def key_pieces(daemon):
    """(as files have them, as is computed with them) of the keys that are in place."""
    folder = daemon.folder / "keys" / "example.com"
    parts = [process_memory.of_rsa((folder / "rsa.pem").read_bytes()),
             process_memory.of_ed25519((folder / "ed25519.pem").read_bytes())]
    return [{f"{kind} {name}": piece for kind, part in zip(("RSA", "Ed25519"), parts) for name, piece in part[at].items()}
            for at in (0, 1)]


@AS_ROOT
@PLAIN
def test_keys_in_memory(start_daemon):
    """The text of a key is wiped once it is read, and the key once no configuration has it."""
    gate = start_daemon()
    daemon = gate.daemon
    pid = daemon.process.pid
    before = {}
    for number in range(4):
        texts, numbers = key_pieces(daemon)
        for _ in range(10):
            gate.play()
        config = gate.records(10)[-1]["config"]
        there = process_memory.found(pid, texts | numbers)
        assert any("limbs" in name for name in there) and any("seed" in name for name in there), "it signs with them"
        assert not set(there) & set(texts), there
        wait_until(lambda old=before: not process_memory.found(pid, old), "the keys before to be gone",
                   explain=lambda old=before: str(process_memory.found(pid, old)))
        before = texts | numbers
        new_keys(daemon)
        daemon.configure(f"# number {number}\n")
        daemon.reload()
        gate.wait_for_config(config)


@AS_ROOT
@PLAIN
@FREE  # the secret lies beside Redis, where the unit lets nobody write
def test_a_password_in_memory(start_daemon):
    """Redis's is sent, and forgotten."""
    with fleet() as (redis, config):
        redis.options["requirepass"] = PASSWORD
        redis.start()
        password = redis.folder / "password"
        password.write_text(PASSWORD + "\n", "ascii")
        password.chmod(0o600)
        shutil.chown(password, USER)
        gate = start_daemon(config=config.replace(
            "counters: {{ ", f'counters: {{{{ redis_password_file = "{password}"; ', 1))
        redis.wait_clients(1)
        gate.check_signed(gate.play())
        gate.record()
        there = process_memory.found(gate.daemon.process.pid, process_memory.cut("password", PASSWORD.encode()))
        assert not there, there
        gate.daemon.stop()


def core_limit(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
        return re.search(r"Max core file size\s+(\S+)", limits.read())[1]


def is_hidden(pid):
    """The kernel gives the files of a process that may not be dumped to root."""
    return os.stat(f"/proc/{pid}/mem").st_uid == 0


@AS_ROOT
def test_no_core_dumps(start_daemon):
    gate = start_daemon()
    pid = gate.daemon.process.pid
    assert core_limit(pid) == "0" and is_hidden(pid)


@AS_ROOT
@FREE
def test_core_dumps_where_they_are_asked_for(start_daemon):
    """Not beyond what whoever started it allows."""
    gate = start_daemon("core_dumps = true;\n")
    pid = gate.daemon.process.pid
    with open("/proc/self/limits", encoding="ascii") as limits:
        most = re.search(r"Max core file size\s+\S+\s+(\S+)", limits.read())[1]
    assert core_limit(pid) == most and not is_hidden(pid)
