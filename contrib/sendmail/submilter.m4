divert(-1)
# submilter for Sendmail: what to do with it stands in submilter(8), HOOKING IT INTO SENDMAIL.
divert(0)dnl
ifdef(`confSUBMILTER_SOCKET', , `define(`confSUBMILTER_SOCKET', `unix:/run/submilter/submilter.sock')')dnl
INPUT_MAIL_FILTER(`submilter', `S='confSUBMILTER_SOCKET`, F=T, T=C:30s;S:30s;R:60s;E:5m')dnl
