"""What must hold of all records and all deliveries of a run, whatever its tests did."""

from collections import Counter

KEYS = set(
    "id time queue_id listener policy config client helo tls_version cipher auth_mech login mail_from "
    "rcpt_count from message_id message_id_old size action rule reason reply verdicts edits signatures "
    "usec".split()
)
LET_GO = ("accept", "fix", "quarantine")


def check_all(site):
    """After everything has ended. site.sink still knows what arrived."""
    records = site.submilter.records.all()
    for record in records:
        check_keys(record)
    repeated = [ident for ident, count in Counter(each["id"] for each in records).items() if count > 1]
    assert not repeated, f"decisions with the same id: {repeated}"
    messages = Counter(each["queue_id"] for each in records if each["command"] is None)
    twice = [queue_id for queue_id, count in messages.items() if count > 1 and queue_id != "NOQUEUE"]
    assert not twice, f"messages with more than one record: {twice}"
    check_deliveries(site, records)


def check_keys(record):
    missing = KEYS - set(record)
    assert not missing, f"keys missing in a record: {missing}: {record}"
    refused = record["action"] in ("reject", "tempfail")
    assert refused == (record["reply"] is not None) or record["action"] == "quarantine", record


def check_deliveries(site, records):
    """What arrived had been let go, and nothing that was refused arrived."""
    let_go = {each["queue_id"] for each in records if each["action"] in LET_GO}
    arrived = {each.queue_id for each in site.sink.deliveries} & site.mta.taken_in()
    assert arrived <= let_go, f"arrived without having been let go: {arrived - let_go}"
