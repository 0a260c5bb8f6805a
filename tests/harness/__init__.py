"""A whole mail site on 127.0.0.1, below one temporary directory: Postfix, Dovecot's logins, submilter,
and a sink for what leaves. Used by the end-to-end suites and by ./quickstart.

Nothing here sleeps for a time: everything waits for an event, and gives up after PATIENCE seconds.
"""
