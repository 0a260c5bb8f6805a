"""What Redis runs for us (limits/scripts), against a simple exact model over random traffic; and what it costs."""

import contextlib
import os
import random
import socket
import struct
from pathlib import Path

import pytest

from harness.redis import Redis, RedisError

SCRIPTS = Path(__file__).resolve().parents[2] / "limits" / "scripts"
LENGTH, STEP = (60, 3600, 86400), (1, 60, 900)
NEEDS_HABIT = ("look", "charge")
T0 = 1_763_700_000_000  # ms: no clock decides what a window holds


class Client:
    """One connection that stays; bytes in, bytes out."""

    def __init__(self, redis):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(redis.socket))
        self.stream = self.socket.makefile("rwb")
        self.shas = {}
        for path in SCRIPTS.glob("*.lua"):
            if path.stem in ("common", "habit"):
                continue
            parts = ["common", "habit"] if path.stem in NEEDS_HABIT else ["common"]
            text = "".join((SCRIPTS / f"{part}.lua").read_text() for part in [*parts, path.stem])
            self.shas[path.stem] = self.command("SCRIPT", "LOAD", text)

    def command(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        self.stream.flush()
        return self._read()

    def _read(self):
        line = self.stream.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind in b"+:":
            return int(rest) if kind == b":" else rest
        if int(rest) < 0:
            return None
        if kind == b"*":
            return [self._read() for _ in range(int(rest))]
        return self.stream.read(int(rest) + 2)[:-2]

    def run(self, script, keys, *arguments):
        return self.command("EVALSHA", self.shas[script], len(keys), *keys, *arguments)

    def charge(self, now, names, amounts, bounds=(), login="jo", network=b"", client=b"", rcpts=(), epoch=1,
               sequence=1, bars=0):
        """bounds: (subject from 1, quantity from 1, window from 1, max). Answers admitted, passed, counts, frees."""
        words = [word for bound in bounds for word in bound]
        packed, _cause = self.run(
            "charge", ["host:1", "standing", f"habit:{login}", f"known:1:{login}", f"known:0:{login}", *names], epoch,
            sequence, now, 400 * 86400, login, network, client, *amounts, bars, len(bounds), *words, *rcpts)
        return unpacked(packed)

    def look(self, now, names, login="jo", network=b"", client=b""):
        packed, cause = self.run("look", ["standing", f"habit:{login}", *names], now, login, network, client)
        return *unpacked(packed), cause


def unpacked(packed):
    numbers = [int(number) for number in struct.unpack(f"<{len(packed) // 8}d", packed)]
    subjects = [numbers[at:at + 30] for at in range(15, len(numbers), 30)]
    return numbers[0], numbers[1], numbers[2:5], numbers[5:15], subjects


@pytest.fixture
def redis(tmp_path):
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(redis):
    made = Client(redis)
    with contextlib.closing(made.socket), contextlib.closing(made.stream):
        yield made


class Model:
    """Every bucket ever filled: {(window, index): [five amounts]}."""

    def __init__(self):
        self.buckets = {}

    def within(self, now):
        counts, frees = [[0] * 3 for _ in range(5)], [[0] * 3 for _ in range(5)]
        for (w, i), amounts in self.buckets.items():
            left = (i + 1) * STEP[w] * 1000 + LENGTH[w] * 1000 - now
            if left <= 0:
                continue
            for q in range(5):
                counts[q][w] += amounts[q]
                if amounts[q] and (not frees[q][w] or -(-left // 1000) < frees[q][w]):
                    frees[q][w] = -(-left // 1000)
        return counts, frees

    def add(self, now, amounts):
        for w in range(3):
            bucket = self.buckets.setdefault((w, now // (STEP[w] * 1000)), [0] * 5)
            for q in range(5):
                bucket[q] += amounts[q]


def flat(rows):
    return [value for row in rows for value in row]


@pytest.mark.parametrize("seed", range(int(os.environ.get("SUBMILTER_SEEDS", "4"))))
def test_counts_are_those_of_an_exact_model(client, seed):
    chance = random.Random(seed)
    names, models, now = ["count:login:a", "count:group:b"], [Model(), Model()], T0
    pauses = [0, 1, 300, 999, 1000, 5000, 20_000, 59_000, 60_000, 61_000, 600_000, 3_600_000, 20_000_000, 90_000_000]
    for step in range(1200):
        now += chance.choice(pauses[:chance.choice((5, 8, 11, 14))])
        which = chance.choice(([0], [1], [0, 1]))
        amounts = [chance.choice((1, 1, 1, 2)), chance.randrange(9), chance.randrange(3), chance.randrange(10**7),
                   0]
        before = [models[n].within(now) for n in which]
        bounds = [(chance.randrange(len(which)) + 1, chance.randrange(5) + 1, chance.randrange(3) + 1,
                   chance.choice((0, 5, 50, 500, 10**6))) for _ in range(chance.randrange(4))]
        wanted, passed = True, 0
        for number, (subject, q, w, most) in enumerate(bounds, 1):
            if amounts[q - 1] and before[subject - 1][0][q - 1][w - 1] + amounts[q - 1] > most:
                wanted, passed = False, number
                break
        if chance.random() < 0.3:
            _, _, _, _, subjects, _ = client.look(now, [names[n] for n in which])
        else:
            admitted, first, _, _, subjects = client.charge(now, [names[n] for n in which], amounts, bounds)
            assert (admitted == 1, first) == (wanted, passed), step
            for n in which if wanted else ():
                models[n].add(now, amounts)
        for (counts, frees), subject in zip(before, subjects):
            assert subject[:15] == flat(counts), step
            assert subject[15:] == flat(frees), step
    for name, model in zip(names, models):
        client.charge(now, [name], [1, 1, 0, 1, 0])
        model.add(now, [1, 1, 0, 1, 0])
        alive = {(w, i) for w, i in model.buckets if (i + 1) * STEP[w] + LENGTH[w] > now / 1000}
        fields = {field.decode() for field in client.command("HKEYS", name)}
        assert fields == {"1", "2", "3"} | {f"{'mhd'[w]}{i}" for w, i in alive}, "nothing old is kept"


def test_a_clock_that_jumps_does_not_wedge(client):
    year = 365 * 86400 * 1000
    limit = [(1, 1, 2, 2)]  # 2 messages an hour
    for _ in range(2):
        assert client.charge(T0 + year, ["a"], [1, 1, 0, 9, 0], limit)[0] == 1
    *_, look, _ = client.look(T0, ["a"])
    assert look[0][:3] == [2, 2, 2], "what lies ahead counts as now's"
    assert look[0][15:18] == [61, 3660, 86400 + 900 - T0 // 1000 % 900]
    assert client.charge(T0, ["a"], [1, 1, 0, 9, 0], limit)[0] == 0
    assert client.charge(T0 + 3_660_000, ["a"], [1, 1, 0, 9, 0], limit)[0] == 1
    assert client.charge(T0 + 3_658_000, ["a"], [1, 1, 0, 9, 0], limit)[0] == 1, "two seconds back: still free"
    *_, look, _ = client.look(T0 + 3_658_000, ["a"])
    assert look[0][:3] == [2, 2, 4]


def test_nothing_is_counted_after_the_connection_was_given_up(client):
    assert client.run("beat", ["host:1", "hosts", "born"], "me", 2, 15, "w0", 0)[:2] == [b"0", b"w0"]
    with pytest.raises(RedisError, match="LATE"):
        client.charge(T0, ["a"], [1, 1, 0, 9, 0], epoch=1)
    assert client.charge(T0, ["a"], [1, 1, 0, 9, 0], epoch=2, sequence=7)[0] == 1
    last, born, _, hosts, _, _ = client.run("beat", ["host:1", "hosts", "born"], "me", 3, 15, "w1", 0)
    assert (last, born, hosts) == (b"7", b"w0", [b"me"])


def test_what_a_host_counted_alone_is_added_where_it_belongs(client):
    assert client.charge(T0, ["a"], [1, 5, 0, 9, 0])[0] == 1
    entries = [(T0 // 1000 - 600, 0, [3, 3, 1, 30, 0]), (T0 // 1000 - 90_000, 0, [50] * 5),
               (T0 // 1000 - 30, 2, [7, 0, 0, 0, 0]), (T0 // 1000, 0, [-1, -100, 0, 0, 0])]
    words = [word for second, window, amounts in entries for word in (second, window, *amounts)]
    assert client.run("settle", ["host:1", "a", "b"], 1, 9, T0, len(entries), *words, 1, T0 // 1000, 0, 1, 2, 3, 4, 5) == 1
    *_, subjects, _ = client.look(T0, ["a", "b"])
    assert subjects[0][:15] == [0, 10, 3, 0, 3, 0, 0, 1, 1, 9, 39, 39, 0, 0, 0]
    assert subjects[1][:15] == flat([[n] * 3 for n in (1, 2, 3, 4, 5)])
    assert client.command("TTL", "b") > 86400


def test_a_login_is_known_by_what_it_did(client):
    day = 86_400_000
    for n in range(30):
        client.charge(T0 + n * day, ["a"], [1, 1, 0, 9, 0], network=b"home", client=b"mua", rcpts=[b"friend"])
    now = T0 + 30 * day
    *_, habit, _, _ = client.look(now, ["a"], network=b"away", client=b"curl")
    since, messages, hour, today, network, network_hour, looks, clients, others, permille = habit
    assert (since, messages) == (T0 // 1000, 30)
    assert (hour, today, network, network_hour) == (1, 2, 0, 0)
    assert (looks, clients, others, permille) == (0, 1, 30, 1000)
    for n in range(5):
        client.charge(now + n * 1000, ["a"], [1, 1, 0, 9, 0], network=b"away", client=b"curl")
    *_, habit, _, _ = client.look(now + 9000, ["a"], network=b"away", client=b"curl")
    assert habit[2:7] == [1, 1, now // 1000, 5, now // 1000]
    *_, habit, _, _ = client.look(now + 12 * 3_600_000, ["a"], network=b"away", client=b"curl")
    assert (habit[5], habit[9]) == (0, 0), "nothing at this hour before"
    packed, _ = client.run("known", ["standing", "known:1:jo", "known:0:jo"], now, "jo", b"friend", 0)
    assert struct.unpack("<4d", packed)[0] == (T0 // 3_600_000 + 1) * 3600
    packed, _ = client.run("known", ["standing", "known:1:jo", "known:0:jo"], now, "jo", b"other", 0)
    assert struct.unpack("<4d", packed)[0] == 0


def test_many_networks_do_not_drive_out_the_known_one(client):
    for n in range(10):
        client.charge(T0 + n, ["a"], [1, 1, 0, 9, 0], network=b"home")
    for n in range(300):
        client.charge(T0 + 1000 + n, ["a"], [1, 1, 0, 9, 0], network=b"%d" % n, client=b"%d" % n)
    *_, habit, _, _ = client.look(T0 + 5000, ["a"], network=b"home")
    assert habit[2] >= 60 and habit[4] == T0 // 1000
    assert client.command("MEMORY", "USAGE", "habit:jo") < 6000


def test_a_sign_never_eases_what_was_said(client):
    def stand(state, until, how, cause=b"c"):
        client.run("stand", ["standing"], 100, "jo", state, 50, until, cause, how)
        *_, standing, _, _, told = client.look(100_000, [])
        return standing[0], standing[2], told

    assert stand(1, 200, "raise") == (1, 200, b"c")
    assert stand(1, 150, "raise") == (1, 200, b"c")
    assert stand(2, 150, "raise", b"d") == (2, 150, b"d")
    assert stand(1, 0, "raise") == (2, 150, b"d")
    *_, standing, _, _, told = client.look(150_000, [])
    assert standing == [1, 50, 0] and told == b"c", "slowed goes on when frozen is over"
    assert stand(2, 0, "raise") == (2, 0, b"c")
    assert stand(2, 900, "raise") == (2, 0, b"c")
    assert stand(1, 120, "set") == (1, 120, b"c")
    *_, standing, _, _, _ = client.look(120_000, [])
    assert standing == [0, 120, 0], "its time is over"
    assert stand(0, 0, "set") == (0, 0, b"c")
    *_, standing, _, _, _ = client.look(120_000, [])
    assert standing == [0, 50, 0], "normal since then: no host's older word holds"
    assert stand(1, 150, "raise") == (1, 150, b"c")
    assert stand(0, 300, "set", b"d") == (0, 300, b"d")
    assert stand(2, 0, "raise") == (0, 300, b"d"), "an admin keeps signs off"
    *_, standing, _, _, _ = client.look(300_000, [])
    assert standing == [0, 300, 0]
    assert stand(2, 0, "set") == (2, 0, b"c")


def test_a_word_that_is_told_late(client):
    """As if it had been set when it was said: what an admin said later holds, and what signs raised later."""
    def stand(state, since, until, how, said):
        client.run("stand", ["standing"], 100, "jo", state, since, until, b"c", how, said)
        *_, standing, _, _, _ = client.look(100_000, [])
        return standing
    assert stand(2, 50, 0, "set", 50_000) == [2, 50, 0]
    assert stand(0, 40, 500, "tell", 40_000) == [2, 50, 0], "an admin said something else since"
    assert stand(0, 50, 500, "tell", 50_000) == [2, 50, 0], "told twice"
    assert stand(1, 60, 0, "tell", 60_000) == [1, 60, 0], "eases what was before"
    assert stand(2, 80, 150, "raise", 0) == [2, 80, 150]
    assert stand(1, 70, 0, "tell", 70_000) == [2, 80, 150], "a sign saw more since"
    assert stand(0, 75, 500, "tell", 75_000) == [0, 75, 500], "a thaw keeps signs off, those as well"


def test_many_subjects_are_looked_at_in_one_go(client):
    """As many as SCAN tells at once, and more."""
    names = [f"count:login:user{n}" for n in range(2000)]
    for n, name in enumerate(names[::7]):
        assert client.charge(T0, [name], [1 + n, 1, 0, 9, 0])[0] == 1
    numbers = struct.unpack("<60000d", client.run("peek", names, T0))
    assert [numbers[at] for at in range(0, 60000, 30 * 7)] == [1 + n for n in range(len(names[::7]))]
    assert sum(numbers[::30]) == sum(1 + n for n in range(len(names[::7])))


@pytest.mark.parametrize("garbage", [b"", b"?", b"\x93\x01\x02\x03", b"\x81\xa1a\x01", b"\xc1" * 30],
                         ids=["nothing", "a number", "too few", "a map", "no type"])
def test_what_is_no_record_ends_no_command(client, garbage):
    """One value that nobody can read, in each place in turn: counting goes on, and what is told is counted."""
    now, amounts = 1_700_000_000_000, [1, 2, 0, 1000, 0]

    def charge(at):
        return client.charge(at, ["count:login:jo"], amounts, network=b"network1", client=b"client01", rcpts=[b"friend01"])

    charge(now)
    fields = client.command("HKEYS", "count:login:jo")
    places = [("count:login:jo", field) for field in fields] + [("known:1:jo", b"friend01"), ("standing", b"jo")]
    for key, field in places:
        client.command("HSET", key, field, garbage)
        client.look(now, ["count:login:jo"])
        assert client.charge(now, ["count:login:jo"], amounts, rcpts=[b"friend01"])[0] == 1, (key, field)
        client.run("settle", ["host:1", "count:login:jo"], 1, 2, now, 1, now // 1000, 0, *amounts)
        client.command("HSET", key, field, garbage)
        client.run("known", ["standing", "known:1:jo", "known:0:jo"], now, "jo", b"friend01", 0)
        client.run("learn", ["known:1:jo"], b"friend01", 10, 10, 86400)
        client.run("stand", ["standing"], now // 1000, "jo", 1, now // 1000, now // 1000 + 60, b"c", "raise")
    client.command("SET", "habit:jo", garbage)
    client.look(now, ["count:login:jo"])
    charge(now)
    later = now + 2 * 86_400_000
    assert charge(later)[0] == 1
    *_, subjects, _ = client.look(later, ["count:login:jo"])
    assert subjects[0][:3] == [1, 1, 1], "nothing that was lost counts for ever"


def test_a_correspondent_who_was_forgotten_is_new(client):
    def since(day, oldest):
        packed, _ = client.run("known", ["standing", "known:1:jo", "known:0:jo"], day * 86_400_000, "jo", b"f", oldest)
        return struct.unpack("<4d", packed)[0] // 86400

    client.run("learn", ["known:0:jo"], b"f", 2400, 300, 86400 * 400)
    client.run("learn", ["known:0:jo"], b"f", 2160, 200, 86400 * 400)
    assert since(310, 0) == 90
    assert since(310, 300) == 90
    assert since(310, 301) == 0
    client.charge(310 * 86_400_000, ["a"], [1, 1, 0, 9, 0], rcpts=[b"f"])
    assert since(311, 0) == 90, "carried over into this time"
    assert client.command("HGET", "known:1:jo", b"f") == struct.pack("<IH", 2160, 310)


def cpu(client):
    lines = dict(line.split(":") for line in client.command("INFO", "cpu").decode().splitlines() if ":" in line)
    return float(lines["used_cpu_user"]) + float(lines["used_cpu_sys"])


@pytest.mark.skipif("SUBMILTER_MEASURE" not in os.environ, reason="a measurement, not a test")
def test_cost(client):
    chance, now = random.Random(1), T0
    before = cpu(client)
    for n in range(40_000):
        now += chance.randrange(100)
        login = chance.randrange(200)
        client.charge(now, [f"count:login:u{login}", f"count:group:g{login % 9}", f"count:domain:d{login % 20}",
                            f"count:client:c{login}", f"count:network:n{login % 50}", "count:host:all"],
                      [1, 3, 1, 20000, 0], [(1, 1, 1, 10**9), (1, 2, 2, 10**9), (1, 3, 3, 10**9)], f"u{login}",
                      b"n%07d" % (login % 50), b"mua%05d" % login,
                      [struct.pack("<Q", chance.randrange(300)) for _ in range(3)])
    print((cpu(client) - before) / 40_000 * 1e6, "us of Redis's CPU a charge of six subjects")
    for key in ("count:login:u1", "count:host:all", "habit:u1", "known:1:u1"):
        print(key, client.command("MEMORY", "USAGE", key, "SAMPLES", 0), client.command("OBJECT", "ENCODING", key))
    before = cpu(client)
    for _ in range(5000):
        client.look(now, ["count:login:u1"], "u1")
    print((cpu(client) - before) / 5000 * 1e6, "us a look at one subject")
    client.command("FLUSHALL")
    empty = int(client.command("INFO", "memory").split(b"used_memory:")[1].split()[0])
    for n in range(20_000):
        for part in range(4):
            client.charge(T0 + n * 100 + part * 7_200_000, [f"count:login:user{n}"], [1, 3, 1, 20000, 0], (), f"user{n}",
                          b"n%07d" % n, b"mua%05d" % n, [struct.pack("<Q", part * 3 + i) for i in range(3)])
    full = int(client.command("INFO", "memory").split(b"used_memory:")[1].split()[0])
    print((full - empty) / 20_000, "bytes a login of 4 messages and 12 correspondents")
