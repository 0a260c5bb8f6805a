"""submilterctl verify: what came out, and what DNS says of the keys."""

import pytest

from harness.build import program
from harness.process import free_ports, run
from verify_site import CAME_OUT, differs, is_clean

MESSAGE_ID = differs(postfix=b"\r\nMessage-ID:", sendmail=b"\r\nMessage-Id:")  # each as it spells it


@pytest.fixture(scope="module")
def arrived(site):
    """A message that an admin has saved."""
    outcome = site.verify(to="bob@example.net", sink=False)
    assert outcome.status == 0, outcome
    return site.sink.wait_token(outcome.token.encode()).data


def judged(site, data, *more):
    return site.ctl("verify", "alice@example.com", "--message", "-", "--resolver", site.dns.address, *more,
                    data=data)


@pytest.mark.parametrize("change", [
    lambda data: data, lambda data: data.replace(b"\r\n", b"\n"),
    lambda data: b"From alice@example.com Sat Nov 21 10:00:00 2026\n" + data.replace(b"\r\n", b"\n") + b"\n"],
    ids=["crlf", "lf", "mbox"])
def test_a_saved_message(site, arrived, change):
    assert is_clean(judged(site, change(arrived)), ["arrived", *CAME_OUT])


@pytest.mark.parametrize("change, red", [
    ((b"There is nothing", b"There was nothing"), ["dkim", "dkim"]),
    ((b"From: alice@", b"From: bob@"), ["from", "dkim", "dkim"]),
    ((b"\r\nDate:", b"\r\nX-Date:"), ["date", "dkim", "dkim"]),
    ((b"\r\nSubject: ", b"\r\nSubject: [list] "), ["subject", "dkim", "dkim"]),
    ((MESSAGE_ID, b"\r\nMessage-ID: <a@b.example>" + MESSAGE_ID), ["message-id", "dkim", "dkim"]),
    ((b"\r\nSubject:", b"\r\nX-A: (forged by submilterctl verify TOKEN)\r\nSubject:"), ["trust-gone"]),
    ((b"s=s1e", b"s=s7"), ["dkim"]),
], ids=str)
def test_a_saved_message_that_was_changed(site, arrived, change, red):
    token = arrived.split(b"submilterctl verify ")[1][:20]
    changed = arrived.replace(change[0], change[1].replace(b"TOKEN", token))
    assert changed != arrived
    outcome = judged(site, changed)
    assert outcome.named("fail") == red and outcome.status == 1, outcome
    assert all(row["do"] for row in outcome.rows if row["result"] == "fail")


def test_what_is_no_message_of_ours(site):
    outcome = judged(site, b"From: alice@example.com\r\n\r\nend of test 0123\r\n")
    assert outcome.named("fail") == ["arrived"] and outcome.status == 66, outcome


def with_keys(site, tmp_path, *make):
    """A configuration that differs in the folder of keys."""
    keys = tmp_path / "keys"
    config = tmp_path / "submilter.conf"
    tmp_path.chmod(0o755)
    text = site.submilter.config.read_text("utf-8")
    config.write_text(text.replace(str(site.submilter.keys), str(keys)), "utf-8")
    keys.mkdir(mode=0o755)
    for arguments in make:
        run(program("ctl/submilterctl"), "-c", config, "key", "new", "example.com", *arguments)
    return config


@pytest.fixture
def folder(site):
    """Not pytest's own: a folder of keys has to lie where nobody else may write."""
    path = site.folder / "other"
    path.mkdir()
    yield path
    run("rm", "-r", path)


def test_keys_that_do_not_fit(site, folder):
    other = with_keys(site, folder, ["--selector", "s1"])
    outcome = site.verify(config=other)
    assert outcome.named("fail") == ["dkim", "dkim", "dns", "dns"], outcome
    assert "does not verify" in outcome.rows[-4]["seen"] and "another key" in outcome.rows[-1]["seen"], outcome


def test_a_key_that_does_not_sign_yet(site, folder):
    outcome = site.verify(config=with_keys(site, folder, ["--selector", "s9", "--type", "rsa"]))
    assert outcome.named("fail") == ["dkim", "dns"] and "no signature of example.com/s9" in outcome.row("dkim")["seen"]
    assert "is not in DNS" in outcome.row("dns")["seen"]


def test_no_key_at_all(site, folder):
    outcome = site.verify(config=with_keys(site, folder))
    assert outcome.named("fail") == ["dkim"] and "key new" in outcome.row("dkim")["do"], outcome


@pytest.mark.parametrize("record, said", [
    ("v=DKIM1; k=rsa; p=", "revoked"), ("v=DKIM1; k=rsa; p=AAAA", "another key"), ("x", "no p="),
    ("OURS; t=y", "t=y"), (["x", "OURS"], None), ("OURS;t=s", None), ("OURS-spaced", None)])
def test_records_in_dns(site, arrived, record, said):
    name = "s1._domainkey.example.com"
    ours = site.dns.records[name]
    texts = [record] if isinstance(record, str) else record
    spaced = ours.replace("p=MIIB", "p = MI IB")
    site.dns.records[name] = [text.replace("OURS-spaced", spaced).replace("OURS", ours) for text in texts]
    try:
        outcome = judged(site, arrived)
    finally:
        site.dns.records[name] = ours
    row = [row for row in outcome.rows if row["check"] == "dns"][0]
    assert (row["result"], outcome.status) == (("fail", 1) if said else ("pass", 0)), outcome
    assert not said or said in row["seen"], outcome


def test_no_dns(site, arrived):
    outcome = site.ctl("verify", "alice@example.com", "--message", "-", "--no-dns", data=arrived)
    assert outcome.named("skip") == ["dns", "dns"] and outcome.status == 0, outcome
    resolver = f"127.0.0.1@{free_ports(1)[0]}"
    outcome = site.ctl("verify", "alice@example.com", "--message", "-", "--resolver", resolver, "--timeout", "1",
                       data=arrived)
    assert outcome.named("skip") == ["dns", "dns"] and "could not be looked up" in outcome.rows[-1]["seen"], outcome
