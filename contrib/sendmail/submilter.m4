divert(-1)
dnl # submilter for Sendmail. In sendmail.mc, above the MAILER lines:
dnl #
dnl #     define(`confSUBMILTER_SOCKET', `unix:/run/submilter/submilter.sock')dnl    (which is the default)
dnl #     include(`/usr/share/submilter/sendmail/submilter.m4')dnl
dnl #
dnl # Or copy this file to /usr/share/sendmail/cf/feature and write FEATURE(`submilter')dnl. Then make
dnl # sendmail.cf anew and restart Sendmail. submilter(8) says what each setting is for.
divert(0)dnl
ifdef(`confSUBMILTER_SOCKET', , `define(`confSUBMILTER_SOCKET', `unix:/run/submilter/submilter.sock')')dnl
dnl # F=T: mail waits with the client while submilter does not answer. Without it all mail would pass.
INPUT_MAIL_FILTER(`submilter', `S='confSUBMILTER_SOCKET`, F=T, T=C:30s;S:30s;R:60s;E:5m')dnl
dnl # What was signed leaves as it is: hosts that are a CNAME keep their name, MIME parts are not written
dnl # anew for the sake of old mail programs, long lines are not broken, and 8-bit text is not encoded for
dnl # a server that does not announce 8BITMIME.
define(`confDONT_EXPAND_CNAMES', `True')dnl
define(`confMAX_MIME_HEADER_LENGTH', `0')dnl
define(`SMTP_MAILER_LL', `0')dnl
define(`RELAY_MAILER_LL', `0')dnl
MODIFY_MAILER_FLAGS(`SMTP', `+8')dnl
MODIFY_MAILER_FLAGS(`ESMTP', `+8')dnl
MODIFY_MAILER_FLAGS(`DSMTP', `+8')dnl
dnl # A From or Resent-From that Sendmail adds is shown to no filter: it gets no name of the client's choice.
define(`confFROM_HEADER', `<$g>')dnl
