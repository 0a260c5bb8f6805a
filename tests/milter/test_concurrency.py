"""Many sessions at once: each message is judged by its own facts, and signed as itself."""

import concurrent.futures
import threading

from harness.milter_mta import Client, Message, play
from harness.milter_wire import P_ALL, P_HDR_LEADSPC, Session

SESSIONS = 200
BURSTS = 100


def test_two_hundred_sessions_at_once(gate):
    """All are open at the same time; half of them send what must be refused."""
    meeting = threading.Barrier(SESSIONS, timeout=120)

    def one(number):
        good = number % 2 == 0
        message = Message(rcpts=(f"<r{number}@example.net>",), body=b"number %d\r\n" % number).plus(
            ("X-Number", f" {number}"), *([] if good else [("From", " ceo@example.com")]))
        client = Client(helo=f"h{number}.example.net")
        with Session(gate.daemon.socket, timeout=120) as session:
            meeting.wait()
            outcome = play(session, message, client)
            meeting.wait()
            session.quit()
        return good, message, outcome

    with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
        results = list(pool.map(one, range(SESSIONS)))
    for good, message, outcome in results:
        if good:
            gate.check_signed(outcome, message)
        else:
            assert outcome.reply.code == 5, outcome
    records = gate.records(SESSIONS)
    assert len({record["id"] for record in records}) == SESSIONS
    assert len({record["helo"] for record in records}) == SESSIONS
    assert sum(record["action"] == "accept" for record in records) == SESSIONS // 2
    for record in records:
        number = int(record["helo"].split(".")[0][1:])
        assert (record["action"] == "accept") == (number % 2 == 0)


def test_idle_sessions_cost_nobody_anything(gate):
    idle = [Session(gate.daemon.socket) for _ in range(300)]
    gate.check_signed(gate.play())
    for session in idle[::2]:
        gate.check_signed(play(session)) if session is idle[0] else session.quit()
    for session in idle:
        session.close()
    gate.records(2)


def test_sessions_come_and_go(gate):
    def one(_):
        with Session(gate.daemon.socket, timeout=120) as session:
            return play(session)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(one, range(300)))
    assert all(outcome.accepted for outcome in outcomes)
    gate.check_signed(outcomes[-1])
    gate.records(300)


def test_what_was_agreed_on_is_each_sockets_own(gate):
    """Many clients one behind another (QUIT_NC) on sockets that agreed on different things, all at once."""
    leading_blanks = [True, False] * 4
    players = [gate.player(protocol=P_ALL if blanks else P_ALL & ~P_HDR_LEADSPC) for blanks in leading_blanks]
    bursts = [bytearray() for _ in players]
    for player, burst in zip(players, bursts):
        session = player.session
        assert player.message().accepted
        session.quit_nc()
        session.raw = lambda data, burst=burst, send=session.raw: (burst.extend(data), send(data))
        assert player.open() is None and player.message().accepted
        session.quit_nc()
        del session.raw
    meeting = threading.Barrier(len(players), timeout=120)

    def again(player, burst):
        replies = 3  # to MAIL, RCPT and the end
        meeting.wait()
        sender = threading.Thread(target=player.session.raw, args=(bytes(burst) * BURSTS,))
        sender.start()
        for _ in range(BURSTS * replies):
            assert player.session.read_reply().code == 2
        sender.join()

    with concurrent.futures.ThreadPoolExecutor(len(players)) as pool:
        list(pool.map(again, players, bursts))
    for record in gate.records(len(players) * (2 + BURSTS), 60):
        assert ["From", " Alice <alice@example.com>"] in record["header"]
    assert "claimed not to reply" not in gate.daemon.log()
