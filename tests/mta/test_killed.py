"""kill -9, again and again, under load: what was accepted is signed and arrives as it was sent; all else is to come again."""

import concurrent.futures
import itertools
import os
import threading
import time

from harness.keys import public_records
from harness.smtp import Disconnected
from harness.submission import Refused, Submission, open_session, transaction
from harness.verify import by_dkimpy
from harness.waiting import wait_until

CLIENTS = 4
MARK = b"X-Under-Kills: "
LONG = bool(os.environ.get("SUBMILTER_FAULTS"))
KILLS = 60 if LONG else 5


def text_of(number):
    return f"Message {number} of many.\r\n".encode() * (1 + number % 40)


def hand_in(site, numbers, enough, accepted):
    """Sessions of some messages. What is refused is refused for now, whatever the daemon is at."""
    while not enough.is_set():
        try:
            with open_session(site, Submission("second")) as client:
                for _ in range(5):
                    number = next(numbers)
                    data = MARK + b"%d\r\nFrom: alice@example.com\r\n\r\n" % number + text_of(number)
                    outcome = transaction(client, Submission("second", message=data))
                    if not outcome.accepted:
                        assert 400 <= outcome.reply.code < 500, outcome
                        break
                    accepted[outcome.queue_id] = number
        except Refused as refused:
            assert 400 <= refused.args[1].code < 500, refused
        except (ConnectionError, Disconnected):
            pass


def check_arrived(delivery, records):
    """Whatever arrives is signed and as it was sent, accepted or not. Its number."""
    head, _, body = delivery.data.partition(b"\r\n\r\n")
    number = int(head.partition(MARK)[2].split(b"\r\n")[0])
    assert body == text_of(number), f"message {number} was changed"
    results = by_dkimpy(delivery.data, records)
    assert results and all(result.valid for result in results), f"message {number} went unsigned: {results}"
    return number


def test_again_and_again(second):
    site, daemon = second
    numbers, accepted, enough = itertools.count(), {}, threading.Event()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        jobs = [pool.submit(hand_in, site, numbers, enough, accepted) for _ in range(CLIENTS)]
        try:
            for _ in range(KILLS):
                before = len(accepted)
                wait_until(lambda n=before: len(accepted) > n + 10 or any(job.done() for job in jobs), "mail to pass")
                time.sleep(2 if LONG else 0)
                daemon.kill()
                daemon.start()
        finally:
            enough.set()
        for job in jobs:
            job.result()
    records = public_records(daemon.keys)
    site.sink.wait_all(accepted)
    arrived = [check_arrived(delivery, records) for delivery in site.sink.deliveries if MARK in delivery.data]
    assert len(arrived) == len(set(arrived)) and set(accepted.values()) <= set(arrived)
    page = os.environ.get("SUBMILTER_FAULTS")
    if page:
        with open(page, "a", encoding="utf-8") as file:
            file.write(f"{f'{KILLS} times kill -9 under load, {site.mta.name}':<68} {len(accepted):,} of "
                       f"{next(numbers):,} messages accepted: all arrived, signed, unchanged\n")
