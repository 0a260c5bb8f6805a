"""Real logins: Dovecot's auth server, with a password file, listening where Postfix looks for it."""

from .process import Server
from .waiting import accepts

PASSWORD = "secret"
USERS = (
    "alice@example.com",
    "bob@example.com",
    "ceo@example.com",
    "carol",
    "juergen@example.com",
    "orgadmin@example.com",
    "first+last@example.com",
    'quo"te\\@example.com',  # for what a login can do to a log
)

CONFIG = """\
protocols =
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = submilter-test
log_path = {folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-256
auth_failure_delay = 0
auth_username_chars =
passdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener {socket} {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""


def _escaped(user):
    """As %u gives it."""
    return user.replace("\\", "\\\\").replace('"', '\\"')


class Dovecot:
    def __init__(self, folder, socket, logins=USERS):
        folder.mkdir()
        (folder / "state").mkdir()
        users = folder / "users"
        users.write_text("".join(f"{_escaped(user)}:{{PLAIN}}{PASSWORD}\n" for user in logins))
        config = folder / "dovecot.conf"
        config.write_text(CONFIG.format(folder=folder, socket=socket))
        self.server = Server("dovecot", ["/usr/sbin/dovecot", "-F", "-c", config], folder / "output")
        try:
            self.server.wait_ready(lambda: accepts(str(socket)), f"listens at {socket}")
        except BaseException:
            self.server.stop()
            raise

    def stop(self):
        self.server.stop()
