"""What the doctor says of a host that `submilterctl setup postfix` has just set up: nothing that setup did."""

import json
import subprocess

import pytest

from harness.build import program
from harness.network import in_own_network
from test_setup_live import LIVE, LiveHost

# Postfix's own settings, which setup leaves to the admin: as Debian 12 has them by default, or as the copied
# configuration has them. Certificates of the tests last a day.
ALL = {"postfix.bare-newline", "postfix.pipelining", "postfix.mime-conversion", "postfix.certificate-expires"}
THEIRS = {
    "debian-submission": ALL,
    "unchrooted": ALL | {"postfix.bounces-unsigned", "postfix.tls-auth-only"},
    "rspamd": ALL | {"postfix.tls-auth-only"},
    "relay-only": ALL | {"postfix.bounces-unsigned"},
}


def only_their_own_is_found(name, arguments, more):
    with LiveHost(name, LIVE[name]) as live:
        live.setup("--yes", *arguments)
        live.host.settle()
        done = subprocess.run(
            [program("ctl/submilterctl"), "-c", live.host.config, "doctor", "--json", "--accept", "host.clock",
             "--postfix-config", live.host.postfix],
            capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
        found = [each for each in json.loads(done.stdout)["findings"] if not each["accepted"]]
        assert {each["id"] for each in found} == THEIRS[name] | more, found


@pytest.mark.parametrize("name", LIVE)
def test_enforcing(name):
    # Dovecot offers CRAM-MD5 on those that have a Dovecot.
    theirs = set() if name == "relay-only" else {"postfix.mechanism"}
    in_own_network(lambda: only_their_own_is_found(name, ["--enforce"], theirs))


def test_observing():
    in_own_network(lambda: only_their_own_is_found("debian-submission", [], {"config.observed"}))
