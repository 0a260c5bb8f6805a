"""A peer that is no MTA: random bytes, impossible sizes, packets that never end. The daemon drops it and
serves the others meanwhile.

Two ways to disturb libmilter itself are left out: it crashes on a macro list with a name that no value
follows, and it reads past the end of a CONNECT that is not terminated (left out under AddressSanitizer
only). No filter can stand before that: the socket has to be reachable by the MTA alone."""

import random
import struct
import threading

import pytest

from daemon import sanitized
from harness.milter_mta import Player, play
from harness.milter_wire import (ConnectionClosed, ProtocolError, Session, packet_of, strings)

plain_build_only = pytest.mark.skipif(sanitized(), reason="libmilter over-reads here")


def send(gate, data, negotiate=True):
    """Sends, and waits until the filter has closed its side or keeps silent."""
    with gate.session(negotiate=negotiate) as session:
        try:
            session.raw(data)
            session.socket.shutdown(1)  # we have said all
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert session.closed_by_filter()


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000000, 1 << 24])
@pytest.mark.parametrize("command", ["O", "C", "L", "B", "E", "\xff"])
@pytest.mark.parametrize("negotiate", [True, False], ids=["negotiated", "first"])
def test_impossible_sizes(gate, size, command, negotiate):
    send(gate, struct.pack(">I", size) + command.encode("latin-1") + b"x" * 100, negotiate)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes(gate, seed):
    chance = random.Random(seed)
    send(gate, chance.randbytes(chance.randint(1, 5000)), negotiate=bool(seed % 2))


@pytest.mark.parametrize("text", [b"EHLO x\r\nMAIL FROM:<a@b>\r\n", b"GET / HTTP/1.1\r\n\r\n",
                                  b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 4096, b"\n"])
def test_other_protocols(gate, text):
    send(gate, text, negotiate=False)


@pytest.mark.parametrize("command", [chr(byte) for byte in range(256)
                                     if chr(byte) not in "ABCDEHKLMNOQRTU"])
def test_unknown_packets(gate, command):
    send(gate, struct.pack(">I", 1) + command.encode("latin-1"))


@pytest.mark.parametrize("command", "BEHLMRNTAKU")
@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0", b"x", b"x" * 70_000, b"\xff" * 100],
                         ids=lambda data: f"{data[:3]!r}x{len(data)}")
def test_odd_data(abused_gate, command, data):
    """Every command with data that lacks its strings or their ends, where a message has begun."""
    player = abused_gate.player()
    player.mail(player_message())
    player.rcpt("<bob@example.net>")
    try:
        player.session.packet(command, data)
        player.session.quit()
    except BrokenPipeError:
        pass
    assert player.session.closed_by_filter()


def player_message():
    from harness.milter_mta import Message
    return Message()


@plain_build_only
@pytest.mark.parametrize("data", [b"", b"x", b"x\0", b"x\0004", b"x\0004\0", b"x\0004\0\1", b"x\0004\0\x01192",
                                  b"x\0006\0\1IPv6:zz\0", b"x\0L\0\0" + b"p" * 300 + b"\0", b"x\0Z\0\0y\0",
                                  b"x" * 70_000])
def test_odd_connects(abused_gate, data):
    send(abused_gate, packet_of("C", data) + packet_of("H", b"x\0") + packet_of("Q"))


@pytest.mark.parametrize("data", [b"", b"M", b"Mx", b"Z{auth_authen}\0a\0",
                                  b"\xff", b"M" + b"\0" * 1000, b"M" + b"x" * 70_000,
                                  b"Mx\0" + b"y" * 70_000 + b"\0"],
                         ids=lambda data: f"{data[:3]!r}x{len(data)}")
def test_odd_macros(abused_gate, data):
    send(abused_gate, packet_of("C", b"x\0U") + packet_of("D", data) + packet_of("M", b"<a@b>\0")
         + packet_of("Q"))


@pytest.mark.parametrize("seed", range(10))
def test_good_packets_with_bits_turned(abused_gate, seed):
    """Mutations of a whole good conversation; CONNECT and macros are left as they are."""
    chance = random.Random(seed)
    parts = [packet_of("M", b"<alice@example.com>\0"), packet_of("R", b"<bob@example.net>\0"), packet_of("T"),
             packet_of("L", strings("From", " alice@example.com")), packet_of("L", strings("Subject", " x")),
             packet_of("N"), packet_of("B", b"text\r\n"), packet_of("E")]
    for _ in range(20):
        packets = [bytearray(part) for part in parts]
        for _ in range(chance.randint(1, 3)):
            packet = chance.choice(packets)
            packet[chance.randrange(len(packet))] ^= 1 << chance.randrange(8)
        data = b"".join(bytes(packet) for packet in packets)
        if any(command in data for command in (b"C", b"D")) and sanitized():
            continue
        player = abused_gate.player()
        try:
            player.session.raw(data)
            player.session.socket.shutdown(1)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert player.session.closed_by_filter()


def try_to_pass(gate, tries):
    """How many messages of so many pass while workers are pinned. Now and then libmilter has promised a
    pinned worker to a new session, which then waits until any other comes free; an MTA tries again."""
    passed = 0
    for _ in range(tries):
        try:
            gate.check_signed(gate.play(timeout=2))
            passed += 1
        except TimeoutError:
            pass
    return passed


def test_a_filter_that_is_never_read(abused_gate):
    """The peer sends command after command and takes no answer: it can hold its own thread only."""
    with abused_gate.session(protocol=0) as session:
        session.socket.settimeout(1)
        try:
            for _ in range(20_000):
                session.raw(packet_of("U", b"XYZZY\0") * 20)
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            pass
        assert try_to_pass(abused_gate, 5) >= 3


def test_half_sent_packets_hold_up_hardly_anybody(abused_gate):
    waiting = []
    for number in range(100):
        session = Session(abused_gate.daemon.socket, negotiate=False)
        session.raw(packet_of("L", b"x" * 1000)[:1 + number])
        waiting.append(session)
    assert try_to_pass(abused_gate, 10) >= 5
    for session in waiting:
        session.close()


def test_bytes_one_by_one(gate):
    """Slow, but a right conversation."""
    player = gate.player()
    session = player.session
    whole = session.raw

    def slowly(data):
        for byte in data:
            whole(bytes([byte]))

    session.raw = slowly
    gate.check_signed(player.message())
    gate.record()


def test_garbage_beside_good_messages(gate):
    stop = threading.Event()

    def disturb(seed):
        chance = random.Random(seed)
        while not stop.is_set():
            try:
                with Session(gate.daemon.socket, negotiate=chance.random() < .5) as session:
                    session.raw(struct.pack(">I", chance.choice([0, 1 << 31, 70_000])) + b"B"
                                + chance.randbytes(chance.randint(0, 500)))
            except (OSError, ConnectionClosed, ProtocolError):
                pass

    disturbers = [threading.Thread(target=disturb, args=(seed,)) for seed in range(4)]
    for thread in disturbers:
        thread.start()
    try:
        with gate.session() as session:
            player = Player(session)
            player.open()
            for _ in range(50):
                assert player.message().accepted
        for _ in range(20):
            with gate.session() as session:
                gate.check_signed(play(session))
    finally:
        stop.set()
        for thread in disturbers:
            thread.join()
    gate.records(70)
