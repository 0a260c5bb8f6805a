"""The load client of tests/bench: it must be told of a milter that does less than it should, and its messages must
be good ones to every milter that it measures."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from harness.build import BUILD, program
from harness.process import free_ports
from harness.verify import by_dkimpy
from harness.waiting import accepts, wait_until

BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
sys.path.insert(0, str(BENCH))

from blocks import BLOCKS  # noqa: E402

BOTH = ("--signed", "rsa-sha256,ed25519-sha256")
NAMES = "From,To,Cc,Subject,Date,Message-ID"


def load(socket, *options):
    """Its exit code, and its figures or its complaint."""
    done = subprocess.run([program("tests/bench/milter_load"), *map(str, options), socket], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else done.stderr


def good(socket, *options):
    code, said = load(socket, *options)
    assert code == 0, said
    return said


def complaint(socket, *options):
    code, said = load(socket, *options)
    assert code == 1, said
    return said


@pytest.fixture
def peer(tmp_path_factory):
    """Starts idle_milter or bare_milter; gives its socket."""
    started = []

    def start(name, *arguments, inet=False):
        if inet:
            port = free_ports(1)[0]
            socket, address = f"inet:{port}@127.0.0.1", ("127.0.0.1", port)
        else:
            path = str(tmp_path_factory.mktemp("peer") / "s")
            socket, address = f"unix:{path}", path
        # libopendkim loses 64 bytes with each signature by Ed25519; bare_milter does nothing about it.
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
        started.append(subprocess.Popen([program(f"tests/bench/{name}"), socket, *map(str, arguments)],
                                        stdin=subprocess.DEVNULL, env=environment))
        wait_until(lambda: started[-1].poll() is not None or accepts(address), f"{name} at {socket}")
        return socket

    yield start
    for process in started:
        process.terminate()
    for process in started:
        assert process.wait(60) == 0


def socket_of(gate):
    return f"unix:{gate.daemon.socket}"


def test_all_messages_are_accepted_signed_and_recorded(abused_gate):
    result = good(socket_of(abused_gate), "--messages", 200, "--connections", 4, "--per-connection", 7, *BOTH)
    assert result["messages"] == 200 and result["p50_us"] > 0
    found = abused_gate.records(200)
    assert {record["action"] for record in found} == {"accept"}
    assert {len(record["signatures"]) for record in found} == {2}
    assert {record["login"] for record in found} > {"user1@example.com"}


@pytest.mark.parametrize("size", [0, 1, 3, 4096, 65535, 65536, 300_000])
def test_the_sample_verifies_whatever_the_size(abused_gate, tmp_path, size):
    sample = tmp_path / "sample"
    good(socket_of(abused_gate), "--messages", 1, "--body", size, "--sample", sample, *BOTH)
    text = sample.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert [result.valid for result in by_dkimpy(text, abused_gate.daemon.dns)] == [True, True]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_what_becomes_of_each_block(abused_gate, tmp_path, block):
    signed = BOTH if block.action == "accept" else ()
    good(socket_of(abused_gate), "--messages", 3, "--block", block.write(tmp_path), "--expect", block.action, *signed)


def test_a_thousand_recipients(abused_gate):
    good(socket_of(abused_gate), "--messages", 2, "--recipients", 1000, *BOTH)
    assert [len(record["rcpts"]) for record in abused_gate.records(2)] == [1000, 1000]


@pytest.mark.parametrize("stage", ["helo", "mail", "body"])
def test_held_sessions_do_not_disturb(abused_gate, stage):
    good(socket_of(abused_gate), "--messages", 20, "--hold", 30, "--hold-at", stage, *BOTH)


@pytest.mark.parametrize("options, said", [
    ((), "2 signatures came, and not 0"),
    (("--signed", "rsa-sha256"), "2 signatures came, and not 1"),
    (("--signed", "rsa-sha256,rsa-sha1"), "no signature by rsa-sha1 came"),
    ((*BOTH, "--adds", "X-Other"), "no field X-Other came"),
    (("--expect", "reject"), "expected reject, and accept came"),
    ((*BOTH, "--domain", "example.net"), "0 signatures came, and not 2"),
    ((*BOTH, "--recipients", "1001"), "expected accept, and tempfail came: 452 4.5.3"),
])
def test_what_was_not_expected_is_an_error(abused_gate, options, said):
    assert said in complaint(socket_of(abused_gate), "--messages", 50, "--connections", 3, *options)


def test_a_signature_of_another_domain_is_none(peer, tmp_path):
    key = tmp_path / "rsa.pem"
    subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "rsa", "-out", key], check=True)
    socket = peer("bare_milter", "example.org", NAMES, "From", f"one={key}")
    assert "not example.com's" in complaint(socket, "--signed", "rsa-sha256")
    good(socket, "--signed", "rsa-sha256", "--domain", "example.org")


@pytest.mark.parametrize("inet", [False, True], ids=["unix", "inet"])
def test_bare_milter_signs_by_both_keys(peer, abused_gate, tmp_path, inet):
    keys = [f"{path.stem}={path}" for path in sorted((abused_gate.daemon.folder / "keys/example.com").iterdir())]
    socket = peer("bare_milter", "example.com", NAMES, "From,Subject", *keys, inet=inet)
    sample = tmp_path / "sample"
    good(socket, "--messages", 50, "--connections", 2, "--per-connection", 5, "--sample", sample, *BOTH)
    text = sample.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert [result.valid for result in by_dkimpy(text, abused_gate.daemon.dns)] == [True, True]


@pytest.mark.parametrize("inet", [False, True], ids=["unix", "inet"])
def test_idle_milter_adds_its_field_and_does_not_sign(peer, inet):
    socket = peer("idle_milter", inet=inet)
    result = good(socket, "--messages", 100, "--connections", 4, "--adds", "X-Idle")
    assert result["messages"] == 100 and result["sessions"] == 100
    assert "0 signatures came, and not 1" in complaint(socket, "--adds", "X-Idle", "--signed", "rsa-sha256")


def test_a_milter_that_is_gone_is_an_error(tmp_path):
    assert "No such file" in complaint(f"unix:{tmp_path}/none")


@pytest.mark.parametrize("options", [("--connections", "0"), ("--messages", "x"), ("--expect", "luck"),
                                     ("--hold-at", "quit"), ("--signed", "rsa,,"), ("--nothing", "1"), ()])
def test_misuse_ends_with_64(options, tmp_path):
    socket = [] if not options else [f"unix:{tmp_path}/none"]
    done = subprocess.run([program("tests/bench/milter_load"), *options, *socket], capture_output=True, check=False)
    assert done.returncode == 64 and done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs a /dev/log of its own, which only root can mount")
def test_a_part_of_the_bench_writes_its_page(tmp_path):
    """The scripts hold together, and find what they measure: submilter as it is shipped, with all its records."""
    page = tmp_path / "page"
    subprocess.run([BENCH / "bench.py", "--build", BUILD, "--page", tmp_path / "whole", "--part", page, "--quick", "1",
                    "--only", "recipients"], check=True, stdin=subprocess.DEVNULL, timeout=300)
    rows = page.read_text().partition("Recipients of a message")[2].split("\n")[2:6]
    assert [row.split()[0] for row in rows] == ["1", "10", "100", "1,000"]
    assert all(int(figure.replace(",", "")) > 0 for row in rows for figure in row.split()[1:])
    assert not (tmp_path / "whole").exists()
