"""What the tests of limits send, and what they read out of replies."""

import dataclasses

from harness.milter_mta import Client, Message

LIMITS = """\
policies: {{ submission: {{ limits: {{ mode = "{mode}"; contain = [ {contain} ]; {limits} }}; }}; }};
counters: {{ file = "{file}"; known_after = "0"; }};
"""


def limits(text="", mode="enforce", file="", contain=""):
    """Configuration with no limits but these: 'login = [ "3 messages/hour" ];'."""
    if "login =" not in text:
        text += " login = [ ];"
    return LIMITS.format(limits=text, mode=mode, file=file, contain=contain)


def file_of(folder):
    """Where counters are kept between the daemon's lives."""
    return folder / "lib" / "limits"


def mail(sender="alice@example.com", rcpts=("bob@example.net",), **more):
    fields = [("From", f" <{sender}>")] + [field for field in Message().headers if field[0] != "From"]
    return dataclasses.replace(Message(mail_from=f"<{sender}>", rcpts=tuple(f"<{rcpt}>" for rcpt in rcpts)),
                               headers=tuple(fields), **more)


def people(count, first=0):
    return [f"person{number}@example.net" for number in range(first, first + count)]


def login(name="alice@example.com", **more):
    return Client(login=name, **more)


def is_held_back(outcome, stage, subject="login", code="451 4.7.1"):
    text = outcome.reply.text
    return outcome.stage == stage and text.startswith(code) and f"[limits.{subject} " in text
