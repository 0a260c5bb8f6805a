/* The milter protocol's letters and bits, as far as the load client speaks it. The numbers are the
 * protocol's own (libmilter's mfdef.h has them too), not ours to choose. */
#ifndef BENCH_LOAD_PROTOCOL_H
#define BENCH_LOAD_PROTOCOL_H

enum {
    COMMAND_NEGOTIATE = 'O',
    COMMAND_MACRO = 'D',
    COMMAND_CONNECT = 'C',
    COMMAND_HELO = 'H',
    COMMAND_MAIL = 'M',
    COMMAND_RCPT = 'R',
    COMMAND_DATA = 'T',
    COMMAND_HEADER = 'L',
    COMMAND_EOH = 'N',
    COMMAND_BODY = 'B',
    COMMAND_EOM = 'E',
    COMMAND_ABORT = 'A',
    COMMAND_QUIT = 'Q',
};

enum {
    REPLY_CONTINUE = 'c',
    REPLY_ACCEPT = 'a',
    REPLY_REJECT = 'r',
    REPLY_TEMPFAIL = 't',
    REPLY_CODE = 'y',
    REPLY_DISCARD = 'd',
    REPLY_SKIP = 's',
    REPLY_SHUTDOWN = '4',
    REPLY_CONN_FAIL = 'f',
    EDIT_ADD = 'h',
    EDIT_INSERT = 'i',
    EDIT_CHANGE = 'm',
    EDIT_QUARANTINE = 'q',
    EDIT_PROGRESS = 'p',
};

/* Commands that a filter may ask not to be sent, and those that it sends no reply to. */
#define NO_CONNECT 0x1U
#define NO_HELO 0x2U
#define NO_MAIL 0x4U
#define NO_RCPT 0x8U
#define NO_BODY 0x10U
#define NO_HEADERS 0x20U
#define NO_EOH 0x40U
#define NO_DATA 0x200U
#define NO_REPLY_HEADER 0x80U
#define NO_REPLY_CONNECT 0x1000U
#define NO_REPLY_HELO 0x2000U
#define NO_REPLY_MAIL 0x4000U
#define NO_REPLY_RCPT 0x8000U
#define NO_REPLY_DATA 0x10000U
#define NO_REPLY_EOH 0x40000U
#define NO_REPLY_BODY 0x80000U
#define LEADING_SPACE 0x100000U

/* What Postfix 3.7 offers (milter8_connect; "milter_protocol = 6"). */
#define POSTFIX_VERSION 6U
#define POSTFIX_ACTIONS 0x1FFU
#define POSTFIX_PROTOCOL 0x1FFFFFU

#define BODY_CHUNK 65535U

#endif
