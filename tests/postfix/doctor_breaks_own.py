"""How what the doctor finds of submilter itself comes about: socket, keys, configuration, its host."""

import os
import shutil

from doctor_daemon_steps import (chmod, ended, expectations, expected, few_descriptors, frozen, in_conf_d, nobodys_child, one_message,
                                 other_ends, other_server, put_back, replaced_by_link, roll_key_over, runs_as_another,
                                 small_disk, small_queue, socket_path, stale, table, without_keys)
from doctor_steps import GUARDED, Break, all_of, configured, milters, reconfigured
from harness.process import run
from harness.submilter import USER


def teller(site):
    """A program that hears of alerts."""
    path = site.folder / "tell"
    path.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    path.chmod(0o755)
    configured(alerts={"command": f"{path} admin"})(site)
    return path


def source(site):
    """What a table of senders is made from: whoever owns it decides what postmap writes."""
    path = site.folder / "more-senders"
    path.write_text("team@example.com alice\n", encoding="utf-8")
    run("/usr/sbin/postmap", "-c", site.postfix.config, f"lmdb:{path}")
    configured(senders={"tables": [f"texthash:{site.submilter.senders}", f"lmdb:{path}"]})(site)
    return path


BREAKS = [
    # socket
    Break("socket.not-running", ended),
    Break("socket.permission", all_of(nobodys_child, chmod(socket_path, 0o600)), note="socket"),
    Break("socket.permission", chmod(lambda site: site.submilter.address.parent, 0o700), note="folder"),
    # Postfix's services are silent then too, each until the doctor gives up.
    Break("socket.silent", frozen, arguments=("--only", "socket")),
    Break("socket.no-milter", other_server(b"220 mail.example.com ESMTP\r\n"), mend=other_ends),
    Break("socket.elsewhere", milters("{ unix:submilter/other.sock, default_action=tempfail }")),
    Break("socket.elsewhere", lambda site: milters(
        f"{{ unix:{site.submilter.address}, default_action=tempfail }}")(site), note="chroot"),
    Break("socket.outside-chroot", all_of(
        lambda site: configured(socket=f"unix:{site.folder}/outside.sock")(site),
        lambda site: milters(f"{{ unix:{site.folder}/outside.sock, default_action=tempfail }}")(site)),
        mend=all_of(reconfigured, milters(GUARDED)), besides=("socket.not-running", "postfix.not-asked", "postfix.non-smtpd")),
    Break("socket.open", chmod(socket_path, 0o666)),
    Break("socket.owner", all_of(nobodys_child, lambda site: os.chown(site.submilter.address, 0, -1))),
    Break("socket.swapped", replaced_by_link(socket_path), mend=put_back(socket_path),
          besides=("socket.not-running",)),
    # Postfix itself does not start with it: what runs still has the user from before.
    Break("socket.unclear", lambda site: site.postconf("-e", "mail_owner = no-such-user"), arguments=("--only", "socket"),
          mend=lambda site: site.postconf("-e", "mail_owner = postfix")),
    # keys
    Break("keys.missing", configured(domains=["example.com", "example.org", "bücher.example", "new.example"])),
    Break("keys.no-rsa", without_keys("example.org/s1.pem")),
    Break("keys.no-ed25519", without_keys("example.org/s1e.pem")),
    Break("keys.foreign", configured(domains=["example.com", "bücher.example"])),
    Break("keys.unusable", chmod(lambda site: site.submilter.keys / "example.org" / "s1.pem", 0o644)),
    Break("keys.old", lambda site: os.utime(site.submilter.keys / "example.org" / "s1.pem", (0, 0)),
          mend=roll_key_over),
    # host
    Break("host.clock", lambda site: site.clock_says("unsynchronised"), mend=lambda site: site.clock_says("synchronised")),
    Break("host.disk", small_disk("size=50m"), mend=small_disk("size=200m"), note="log"),
    Break("host.disk", small_disk("size=200m,nr_inodes=1"), mend=small_disk("size=200m,nr_inodes=100"), note="inodes"),
    Break("host.disk", small_queue("size=50m"), mend=small_queue("size=200m"), note="queue",
          arguments=("--only", "host")),
    Break("host.process-user", runs_as_another, besides=("socket.owner",)),
    Break("host.log", lambda site: (site.submilter.records.path.touch(), os.chown(site.submilter.records.path, 0, 0),
                                    site.submilter.records.path.chmod(0o600))),
    Break("host.log", lambda site: configured(log={"json": site.submilter.logs / "more" / "x.jsonl"})(site),
          note="folder"),
    Break("host.log", lambda site: configured(history={"file": site.submilter.library / "more" / "x.db"})(site),
          note="history"),
    Break("host.log-swapped", replaced_by_link(lambda site: site.submilter.records.path),
          mend=put_back(lambda site: site.submilter.records.path)),
    Break("host.log-large", lambda site: os.truncate(site.submilter.records.path, 2 << 30),
          after=lambda site: site.submilter.logs.joinpath("decisions.jsonl.1").unlink()),
    Break("host.descriptors", few_descriptors),
    # config
    Break("config.broken", lambda site: site.submilter.config.write_text("nonsense = 1;\n"),
          mend=lambda site: site.submilter.write_config()),
    Break("config.no-domains", configured(domains=[]), mend=reconfigured, besides=("keys.foreign", "postfix.bounces-refused")),
    Break("config.stale", stale, after=one_message),
    Break("config.observed", configured(policies={"submission": {"from": {"mode": "observe"}}}), mend=reconfigured),
    Break("config.writable", lambda site: shutil.chown(site.submilter.config, USER), note="owner"),
    Break("config.writable", lambda site: shutil.chown(site.submilter.config, "games"), note="stranger"),
    Break("config.writable", chmod(lambda site: site.submilter.config, 0o664), note="group"),
    Break("config.writable", chmod(lambda site: site.submilter.config.parent, 0o1777), note="folder"),
    Break("config.writable", in_conf_d, note="conf.d"),
    Break("config.writable", chmod(lambda site: site.submilter.senders, 0o664), note="table"),
    Break("config.writable", chmod(source, 0o664), note="source", after=reconfigured),
    Break("config.writable", chmod(teller, 0o775), note="alerts", after=reconfigured),
    Break("config.table", table),
    Break("config.expectation", expected("alice@example.com: refused"), mend=expected("alice@example.com: accepted")),
    Break("config.expectation", all_of(expected("alice@example.com: accepted"), chmod(expectations, 0o600)), note="unreadable"),
]
