"""submilterctl explain: of all groups of users only the one that holds is shown."""

import re

from daemon import CONFIG, HISTORY
from look_back import ask
from looked_at import wait_for_rows
from observing import send

GROUPS = """
groups: (
  { name = "lab"; logins = [ "a\\"]b@example.com", "lab@example.com", "@lab.example" ]; rules: { from: { mode = "observe"; }; }; },
  { name = "in"; logins = [ "alice@example.com" ]; policies = [ "inbound" ]; rules: { from: { mode = "off"; }; }; },
  { name = "all"; logins = [ "@example.com" ]; rules: { sender: { mode = "observe"; }; }; } );
"""


def test_settings_of_the_group_that_holds(start_daemon):
    """The first that names the login, where it has a say in the policy; no other one."""
    gate = start_daemon(GROUPS, config=CONFIG + HISTORY)
    expected = {'a"]b@example.com': ("lab", "from"), "lab@example.com": ("lab", "from"), "X@LAB.EXAMPLE": ("lab", "from"),
                "alice@example.com": None, "bob@example.com": ("all", "sender"), "bob@lab.examples": None}
    for login in expected:
        send(gate, login)
    records = gate.records(len(expected))
    wait_for_rows(gate.daemon, len(expected))
    for record in records:
        group = expected[record["login"]]
        text = ask(gate.daemon, "explain", record["id"]).partition("Settings then")[2]
        names = re.findall(r"^  groups\.name = \"(.*)\"   #", text, re.M)
        rules = re.findall(r"^  groups\.rules\.(\w+)\.mode", text, re.M)
        assert (names, rules) == (([group[0]], [group[1]]) if group else ([], [])), (record["login"], text)
