"""What ./quickstart shows once submilter is built: five messages, and what became of each."""

import base64
import re
import sys
import textwrap
from dataclasses import dataclass

from .background import Note, end_surely, in_background
from .build import BUILD, program
from .dovecot import PASSWORD, USERS
from .guarded_site import GuardedSite
from .message import Message, changes, name_of
from .submission import Outcome, Submission, submit

WIDTH = 100


@dataclass(frozen=True)
class Scene:
    title: str
    how: Submission
    expected: str  # "accept", or the refusal's word

    @property
    def login(self):
        return self.how.login or "nobody"


def letter(sender, *more):
    return "\r\n".join((f"From: {sender}", "To: Bob <bob@example.net>", *more, "", "Hello Bob!", "")).encode()


ALICE = "Alice <alice@example.com>"
SCENES = (
    Scene(
        "Alice writes to Bob, as she should: over TLS, logged in, with her own address",
        Submission(message=letter(ALICE, "Subject: lunch", "X-Spam-Status: No, trust me")),
        "accept",
    ),
    Scene(
        "Alice writes as her boss",
        Submission(message=letter("The Boss <ceo@example.com>", "Subject: urgent payment")),
        "from.not-owned",
    ),
    Scene(
        "A second From field is injected behind Alice's own",
        Submission(message=letter(ALICE, "Subject: hello", "From: ceo@example.com")),
        "from.several-fields",
    ),
    Scene(
        "Alice's old mail program does not use TLS",
        Submission(message=letter(ALICE), tls="no"),
        "tls.none",
    ),
    Scene(
        "Somebody does not log in",
        Submission(message=letter(ALICE), login=""),
        "auth.none",
    ),
)


def paragraph(label, text):
    """label and text side by side, the text folded."""
    print(textwrap.fill(text, WIDTH, initial_indent=f"   {label:<10} ", subsequent_indent=" " * 14,
                        break_long_words=False, break_on_hyphens=False))


def show_refusal(outcome: Outcome):
    paragraph("refused", f"at {'the end of the message' if outcome.stage == 'END' else outcome.stage}")
    paragraph("reply", str(outcome.reply))
    word = re.search(r"\[([\w.-]+) \w+\]$", outcome.reply.text)
    return word.group(1) if word else "?"


def show_delivery(site, scene, outcome: Outcome):
    paragraph("accepted", str(outcome.reply))
    arrived = site.sink.wait(outcome.queue_id)
    added, lost, intact = changes(scene.how.message, arrived.data)
    for field in lost:
        paragraph("removed", field.decode())
    for field in added:
        if name_of(field) != b"dkim-signature":
            paragraph("added", field.decode())
    results = site.signatures(arrived.data)
    for result in results:
        verdict = "valid" if result.valid else "NOT VALID"
        paragraph("signed", f"d={result.domain} s={result.selector} {result.algorithm}: "
                  f"{verdict}, say dkimpy and OpenDKIM")
    good = intact and len(results) == 2 and all(result.valid for result in results)
    return "accept" if good else "accept, but changed or not signed"


def show(site, number, scene):
    """Whether it came out as expected."""
    print(f"\n{number}. {scene.title}")
    for field in Message.parse(scene.how.message).fields:
        paragraph("", field.decode())
    outcome = submit(site, scene.how)
    became = show_delivery(site, scene, outcome) if outcome.accepted else show_refusal(outcome)
    if became != scene.expected:
        paragraph("NOT GOOD", f"expected {scene.expected}, got {became}")
    return became == scene.expected


def show_records(site):
    """One line for each decision, as an admin would look for them."""
    print("\nWhat submilter wrote down, one JSON object for each message and each refused command:\n")
    records = site.submilter.records
    row = "   {:<18} {:<7} {:<20} {:<18} {:>6} us  {}"
    print(row.format("login", "action", "why", "From", "taken", "id").replace(" us", "   "))
    for record in records.wait_count(len(SCENES)):
        refused = record["action"] == "reject"
        why = f"{record['rule']}.{record['reason']}" if refused else "signed"
        login = record["login"] or "nobody"
        print(row.format(login, record["action"], why, record["from"] or "-", record["usec"], record["id"]))


PLAY = """
It runs in the background. Everything of it lies in {folder}

   submission   127.0.0.1:{submission}, STARTTLS; or 127.0.0.1:{smtps}, TLS from the start
   port 25      127.0.0.1:{mx}, for mail from outside
   users        {users}; everyone's password is "{password}"
   who may use  {senders}
   settings     {config}; submilter reloads both on: kill -USR1 {pid}
   records      {records}
   its log      {output}
   mail log     {log}
   delivered    {delivered}, a file for each message

Try, with a user's own address and with others' (apt-get install swaks, if it is missing):

   swaks --server 127.0.0.1:{submission} --tls --auth PLAIN --auth-user alice@example.com \\
         --auth-password {password} --from ceo@example.com --to bob@example.net
         by other programs: CRAM-MD5, which Python's smtplib takes by itself, is refused (auth.mechanisms)
   openssl s_client -quiet -crlf -starttls smtp -CAfile {ca} -connect 127.0.0.1:{submission}
         and type: EHLO me, AUTH PLAIN {plain}, MAIL FROM:<alice@example.com>, ...
   sendmail -C {postfix} -f cron@example.com bob@example.net <README
   tail -f {records}
   {ctl} -c {config} conf
   {ctl} -c {config} log
   {ctl} -c {config} explain {refused}
   {ctl} -c {config} who ceo@example.com
   {ctl} -c {config} report
   {ctl} -c {config} observe from    (the way back: enforce --yes from)
   {ctl} -c {config} limits show alice@example.com    (of all: limits top)
   {ctl} -c {config} login freeze alice@example.com    (the way back: login thaw)
   postfix -c {postfix} ...          postconf -c, postqueue -c and postcat -c likewise

End it with: ./quickstart --stop
"""
KEPT = Note(BUILD / "kept")


def how_to_play(site, delivered):
    postfix, gate = site.postfix, site.submilter
    return PLAY.format(
        folder=site.folder, submission=postfix.port("submission"), smtps=postfix.port("smtps"),
        mx=postfix.port("mx"), users=", ".join(USERS[:4]), password=PASSWORD, senders=gate.senders,
        config=gate.config, pid=gate.server.process.pid, records=gate.records.path, output=gate.server.output,
        log=postfix.log, delivered=delivered, ca=site.certificates.ca, postfix=postfix.config,
        plain=base64.b64encode(f"\0{USERS[0]}\0{PASSWORD}".encode()).decode(),
        ctl=program("ctl/submilterctl"),
        refused=next(record["id"] for record in gate.records.all() if record["action"] == "reject"),
    )


def show_all(site):
    """The exit code."""
    good = [show(site, number, scene) for number, scene in enumerate(SCENES, 1)]
    show_records(site)
    print("\nAll as expected." if all(good) else "\nNOT as expected, see above.", flush=True)
    return 0 if all(good) else 1


def keep_delivered(site, folder):
    """Until a signal comes: what is delivered goes to the folder, a file a message."""
    kept = 0
    while True:
        for delivery in site.sink.wait_more_than(kept):
            kept += 1
            (folder / f"{kept}-{delivery.queue_id}.eml").write_bytes(delivery.data)


def keep(stands):
    """Show everything, then say stands() and go on until a signal comes."""
    lock = KEPT.lock()
    if lock is None:
        print("Another ./quickstart --keep is starting.", file=sys.stderr)
        stands(1)
        return
    try:
        with started_site() as site:
            code = show_all(site)
            delivered = site.folder / "delivered"
            delivered.mkdir()
            text = how_to_play(site, delivered)
            KEPT.write(site.folder, text)
            print(text, flush=True)
            stands(code)
            keep_delivered(site, delivered)
    finally:
        KEPT.remove()


def started_site():
    print("Starting Postfix, Dovecot (for logins) and submilter on 127.0.0.1 ...", flush=True)
    site = GuardedSite()
    library = site.submilter.library
    site.submilter.write_config(pid_file=library / "pid", counters={"file": library / "limits"})
    return site


def once():
    with started_site() as site:
        return show_all(site)


def keep_running():
    kept = KEPT.read()
    if kept and not KEPT.free():
        print("There is one already, as it was built then; ./quickstart --stop ends it.\n" + kept["text"])
        return 0
    KEPT.stop()  # what one that was killed has left
    return in_background(keep)


def stop():
    folder = KEPT.stop()
    print(f"Ended; {folder} is gone." if folder else "Nothing is running.")
    return 0


if __name__ == "__main__":
    end_surely()
    try:
        sys.exit({"--keep": keep_running, "--stop": stop}.get("".join(sys.argv[1:]), once)())
    except KeyboardInterrupt:
        print("\nEnded.")
        sys.exit(130)
