"""One end-to-end case: handed in, and everything that became of it compared with what was expected.

tests/mta/README tells the keys of a case.
"""

import re
from collections import Counter

from .casefile import Case, unescape
from .message import Message, changes, name_of
from .submission import Outcome, Submission, submit
from .waiting import wait_until

ID = "[0-9A-HJKMNP-TV-Z]{26}"
CHANGE = re.compile(r"([+-])([^*]+)(?:\*(\d+))?$")


def submission_of(case: Case) -> Submission:
    default = Submission()
    login = case.one("login", default.login)
    message = case.message
    fill = case.one("fill")
    if fill:  # a field that is too long to be written out
        name, size = fill.split()
        message = f"{name}: ".encode().ljust(int(size), b"x") + b"\r\n" + message
    return Submission(
        service=case.one("service", default.service),
        tls=case.one("tls", default.tls),
        login="" if login == "none" else login,
        mechanism=case.one("mechanism", default.mechanism),
        helo=case.one("helo", default.helo),
        xclient=case.one("xclient", ""),
        mail_from=case.one("mail-from", default.mail_from),
        parameters=case.one("parameters", ""),
        rcpts=tuple(case.all("rcpt")) or default.rcpts,
        message=message,
    )


def run_case(site, case: Case):
    how = submission_of(case)
    kind, _, rest = case.one("expect").partition(" ")
    wanted_changes = Counter()
    for change in case.one("changes", "").split():
        sign, name, count = CHANGE.match(change).groups()
        wanted_changes[sign + name.lower()] += int(count or 1)
    signed = case.one("signed", "example.com")
    mended = case.one("mended")
    stays = case.all("stays")
    observed = case.one("observed", "").split()
    listener = case.one("listener")
    assert not case.unread(), f"{case.place}: unknown keys: {', '.join(case.unread())}"

    outcome = submit(site, how)
    if kind not in ("delivered", "held"):
        check_refusal(site, how, outcome, kind, rest, listener)
        return
    assert outcome.accepted, f"refused at {outcome.stage}: {outcome.reply}"
    record = site.submilter.records.wait_message(outcome.queue_id)
    if kind == "held":
        check_held(site, outcome, record, rest)
    arrived = site.sink.wait(outcome.queue_id)
    check_way(site, how, arrived, wanted_changes, mended)
    assert all(text.encode() in arrived.data for text in stays), arrived.data
    check_signatures(site, arrived.data, record, None if signed == "none" else signed)
    check_accepted_record(site, how, outcome, record, arrived.data)
    check_observed(record, observed)
    assert listener in (None, record["listener"])


def reply_pattern(expected):
    """The whole reply as a pattern; "ID]" at its end is any decision's id."""
    start, bracket, end = expected.rpartition(" ID]")
    if not bracket:
        return re.escape(end)
    return f"{re.escape(start)} {ID}\\]"


def check_refusal(site, how, outcome: Outcome, stage, reply, listener):
    said = site.mta.without_decoration(str(outcome.reply))
    where = outcome.stage or "the end"
    assert outcome.stage == stage, f"expected at {stage}: {reply}\ngot at {where}: {said}"
    assert re.fullmatch(reply_pattern(reply), said), f"expected: {reply}\ngot:      {said}"
    if not reply.endswith(" ID]"):
        return  # not one of ours
    record = site.submilter.records.wait_refusal(outcome.reply)
    rule, reason = re.search(r"\[(\w+)\.([\w-]+) ", said).groups()
    assert (record["rule"], record["reason"]) == (rule, reason)
    assert record["action"] == ("tempfail" if said.startswith("4") else "reject")
    assert record["reply"] == said
    assert record["signatures"] == [] and record["edits"] == []
    assert listener in (None, record["listener"])
    check_session(how, record)


def check_way(site, how, arrived, wanted, mended):
    """Nothing about the message changed but what was meant to."""
    sent = how.message
    if mended is not None:
        sent = bytes(Message(Message.parse(sent).fields, unescape(mended.encode())))
    added, lost, intact = changes(sent, arrived.data, site.mta.form)
    got = Counter("+" + name_of(field).decode() for field in added)
    got.update("-" + name_of(field).decode() for field in lost)
    del got["+dkim-signature"]
    assert got == wanted, f"changed: {dict(got)}, expected: {dict(wanted)}\n{arrived.data!r}"
    assert intact, f"what should have stayed has changed:\n{sent!r}\n{arrived.data!r}"
    assert arrived.sender == how.mail_from
    assert sorted(arrived.recipients) == sorted(how.rcpts)


def check_signatures(site, data, record, domain):
    results = site.signatures(data)
    assert all(result.valid for result in results), f"{results}\n{data!r}"
    algorithms = sorted(result.algorithm for result in results)
    assert algorithms == (["ed25519-sha256", "rsa-sha256"] if domain else []), results
    assert {result.domain for result in results} <= {domain}
    recorded = sorted((each["d"], each["s"], each["a"]) for each in record["signatures"])
    assert recorded == sorted((each.domain, each.selector, each.algorithm) for each in results)


def check_session(how, record):
    assert record["login"] == (how.login or None)
    assert record["auth_mech"] == (how.mechanism if how.login else None)
    assert (record["tls_version"] is None) == (how.tls == "no")
    assert record["helo"] == how.helo
    assert record["mail_from"] == how.mail_from


def check_accepted_record(site, how, outcome, record, data):
    check_session(how, record)
    assert record["queue_id"] == outcome.queue_id
    assert record["action"] in ("accept", "fix", "quarantine")
    assert record["reply"] is None or record["action"] == "quarantine"
    assert record["rcpt_count"] == len(how.rcpts)
    unseen = site.mta.adds_unseen and Message.parse(how.message).value("Message-ID") is None
    if record["message_id"] or not unseen:
        assert record["message_id"] == Message.parse(data).value("Message-ID")


def check_observed(record, observed):
    """Each "rule" or "rule.reason" is in the record as something that would have been done."""
    would = {}
    for verdict in record["verdicts"]:
        if verdict["mode"] == "observe" and verdict["outcome"] == "violation":
            would[verdict["rule"]] = verdict["reason"]
    for item in observed:
        rule, _, reason = item.partition(".")
        assert rule in would, f"{rule} is not recorded as a would-have: {would}"
        assert reason in ("", would[rule])


def check_held(site, outcome, record, rule_reason):
    assert record["action"] == "quarantine"
    assert f"{record['rule']}.{record['reason']}" == rule_reason
    wait_until(lambda: site.mta.queued(outcome.queue_id) == "hold", "the message in the hold queue")
    assert not site.sink.find(outcome.queue_id), "a message on hold was delivered"
    site.mta.release(outcome.queue_id)
