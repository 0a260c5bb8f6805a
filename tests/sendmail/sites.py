"""Sendmail configurations as one meets them: what their .mc files say."""

MAILERS = "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"

PID_FILE = "define(`confPID_FILE', `/run/sendmail/mta/sendmail.pid')dnl\n"

# Debian's own, as its package makes it.
DEBIAN = None

REDHAT = """\
divert(-1)dnl
dnl # If you make changes here, `make -C /etc/mail' makes the .cf anew.
include(`/usr/share/sendmail-cf/m4/cf.m4')dnl
VERSIONID(`mail.example.com')dnl
OSTYPE(`linux')dnl
dnl define(`SMART_HOST', `smtp.your.provider')dnl
define(`confAUTH_OPTIONS', `A p')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl
FEATURE(`no_default_msa', `dnl')dnl
FEATURE(redirect)dnl
FEATURE(use_cw_file)dnl
FEATURE(`access_db', `hash -T<TMPF> -o /etc/mail/access.db')dnl
DAEMON_OPTIONS(`Port=smtp, Name=MTA')dnl
DAEMON_OPTIONS(`Port=submission, Name=MSA, M=Ea')dnl
DAEMON_OPTIONS(`Port=465, Name=TLSMTA, M=Eas')dnl
LOCAL_DOMAIN(`example.com')dnl
MAILER(smtp)dnl
MAILER(local)dnl
"""

OPENDKIM = """\
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Port=smtp, Name=MTA')dnl
DAEMON_OPTIONS(`Port=587, Name=MSA, M=Ea')dnl
INPUT_MAIL_FILTER(`clamav', `S=local:/run/clamav/milter.sock, F=, T=S:4m;R:4m')dnl
INPUT_MAIL_FILTER(`opendkim',
    `S=inet:8891@127.0.0.1')dnl
""" + MAILERS

MASQUERADE = """\
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`virtusertable', `hash /etc/mail/virtusertable')dnl
FEATURE(`genericstable', `hash /etc/mail/genericstable')dnl
GENERICS_DOMAIN(`intern.example.org')dnl
VIRTUSER_DOMAIN(`virtual.example')dnl
MASQUERADE_AS(`example.org')dnl
MASQUERADE_DOMAIN(`intern.example.org')dnl
FEATURE(`masquerade_envelope')dnl
""" + MAILERS

PER_DAEMON = """\
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
FEATURE(`no_default_msa')dnl
MAIL_FILTER(`spam', `S=inet:783@127.0.0.1, F=T')dnl
MAIL_FILTER(`virus', `S=local:/run/virus.sock, F=T')dnl
define(`confINPUT_MAIL_FILTERS', `spam, virus')dnl
DAEMON_OPTIONS(`Port=25, Name=MTA')dnl
DAEMON_OPTIONS(`Port=587, Name=MSA, M=Ea, InputMailFilters=virus')dnl
DAEMON_OPTIONS(`Port=465, Name=SMTPS, InputMailFilters=, M=sa')dnl
DAEMON_OPTIONS(`Port=10026, Addr=127.0.0.1, Name=BACK, InputMailFilters=')dnl
""" + MAILERS

RELAY = """\
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`linux')dnl
FEATURE(`nullclient', `mailhub.example.com')dnl
"""

# FreeBSD's has no include: its Makefile names cf.m4.
FREEBSD = """\
divert(0)
VERSIONID(`mail.example.com')
OSTYPE(freebsd6)
FEATURE(access_db, `hash -o -T<TMPF> /etc/mail/access')
define(`confCW_FILE', `-o /etc/mail/local-host-names')
RELAY_DOMAIN(`192.0.2 198.51.100.7 other.example')dnl
DAEMON_OPTIONS(`Name=IPv4, Family=inet')
MAILER(local)
MAILER(smtp)
"""

SITES = {"debian": DEBIAN, "redhat": REDHAT, "opendkim": OPENDKIM, "masquerade": MASQUERADE,
         "per-daemon": PER_DAEMON, "relay": RELAY, "freebsd": FREEBSD}


def lay_out(host, name):
    """The .mc of a site, and the .cf that m4 makes of it."""
    text = SITES[name] or host.read("/usr/share/sendmail/cf/debian/sendmail.mc")
    if "OSTYPE(`linux')dnl\n" in text:  # where the harness looks for it
        text = text.replace("OSTYPE(`linux')dnl\n", "OSTYPE(`linux')dnl\n" + PID_FILE)
    host.write("/etc/mail/sendmail.mc", text)
    if name == "masquerade":
        host.write("/etc/mail/virtusertable", "# who\ninfo@shop.example\talice\n@virtual.example bob\n")
    if name == "freebsd":
        cf = "/usr/share/sendmail/cf"
        host.shell(f"m4 -D_CF_DIR_={cf}/ {cf}/m4/cf.m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf")
    else:
        host.build()
    host.build("/usr/share/sendmail/cf/debian/submit.mc", "/etc/mail/submit.cf")
