/* Packets to callbacks, and what callbacks call. */
#include "tests/fuzz/milter_stand_in.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "milter/alert.h"
#include "milter/callbacks.h"
#include "milter/counting.h"
#include "milter/history_writer.h"
#include "milter/log.h"
#include "milter/stream.h"
#include "milter/writer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stand_in_macros.h"

#define ARGUMENTS_MAX 8

struct smfi_str {
    void *private;
    unsigned long protocol;
    struct stand_in_macros macros;
    bool at_end; /* a callback of the end of a message is running */
    bool connected;
    bool in_message; /* MAIL was accepted */
    char code[8];
};

static unsigned records; /* since the last packet */
static bool works;
static struct stream_agreed agreed; /* the socket's */

struct smfi_str *stand_in_new(void)
{
    struct smfi_str *context = calloc(1, sizeof *context);
    if (!context)
        abort();
    agreed = (struct stream_agreed){0};
    return context;
}

void stand_in_free(struct smfi_str *context)
{
    stand_in_macros_forget(&context->macros);
    free(context);
}

void stand_in_writer_works(bool it_works)
{
    works = it_works;
}

void stand_in_negotiated(struct smfi_str *context, unsigned long protocol)
{
    context->protocol = protocol;
}

static struct bytes cut(struct bytes *rest)
{
    size_t len = bytes_find(*rest, '\0');
    struct bytes text = bytes_slice(*rest, 0, len);
    *rest = bytes_slice(*rest, len + 1, rest->len);
    return text;
}

/* What comes at CONNECT and at MAIL from each MTA; without it memory counts as lost. */
static void define_host(struct smfi_str *context)
{
    stand_in_macros_define(&context->macros, BYTES("j"), BYTES("mail.example.com"));
}

static sfsistat connect_to(struct smfi_str *context, struct bytes piece)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    unsigned chosen = fuzz_take_byte(&piece);
    char *host = fuzz_text(piece);
    _SOCK_ADDR *address = NULL;
    for (size_t i = 0; i < 16; i++)
        in6.sin6_addr.s6_addr[i] = (uint8_t)(i < piece.len ? piece.data[i] : 0);
    memcpy(&in.sin_addr, in6.sin6_addr.s6_addr, 4);
    in.sin_port = in6.sin6_port = (in_port_t)(chosen >> 2);
    if (chosen % 4 == 1)
        address = (_SOCK_ADDR *)(void *)&in;
    else if (chosen % 4 == 2)
        address = (_SOCK_ADDR *)(void *)&in6;
    sfsistat status = callbacks.xxfi_connect(context, host, address);
    context->in_message = false;
    context->connected = true;
    free(host);
    return status;
}

/* The arguments of MAIL and RCPT, each ended by a NUL. */
static sfsistat command(struct smfi_str *context, struct bytes piece,
                        sfsistat (*callback)(SMFICTX *, char **))
{
    char *arguments[ARGUMENTS_MAX + 1] = {NULL};
    size_t count = 0;
    while (count == 0 || (piece.len && count < ARGUMENTS_MAX))
        arguments[count++] = fuzz_text(cut(&piece));
    sfsistat status = callback(context, arguments);
    while (count)
        free(arguments[--count]);
    return status;
}

static sfsistat field(struct smfi_str *context, struct bytes piece)
{
    struct bytes name = cut(&piece);
    char *name_text = fuzz_text(name), *value = fuzz_text(piece);
    sfsistat status = callbacks.xxfi_header(context, name_text, value);
    free(name_text);
    free(value);
    return status;
}

static sfsistat body(struct smfi_str *context, struct bytes piece)
{
    struct bytes copy = fuzz_copy(piece);
    sfsistat status = callbacks.xxfi_body(context, (unsigned char *)(uintptr_t)copy.data, copy.len);
    fuzz_free(copy);
    return status;
}

static sfsistat end(struct smfi_str *context)
{
    context->at_end = true;
    sfsistat status = callbacks.xxfi_eom(context);
    context->at_end = false;
    return status;
}

static sfsistat call(struct smfi_str *context, unsigned which, struct bytes piece)
{
    sfsistat status = SMFIS_CONTINUE;
    char *text;
    if (!context->connected && which != 'C' && which != 'D') { /* libmilter wants it first of all */
        define_host(context);
        (void)connect_to(context, (struct bytes){NULL, 0});
    }
    switch (which) {
    case 'C':
        define_host(context);
        return connect_to(context, piece);
    case 'H':
        text = fuzz_text(piece);
        status = callbacks.xxfi_helo(context, text);
        free(text);
        return status;
    case 'M':
        define_host(context);
        return command(context, piece, callbacks.xxfi_envfrom);
    case 'R':
        return command(context, piece, callbacks.xxfi_envrcpt);
    case 'T':
        return callbacks.xxfi_data(context);
    case 'L':
        return field(context, piece);
    case 'B':
        return body(context, piece);
    case 'E':
        return end(context);
    case 'A':
        return callbacks.xxfi_abort(context);
    case 'K':
        callbacks.xxfi_close(context);
        stand_in_macros_forget(&context->macros);
        context->connected = false;
        return SMFIS_CONTINUE;
    case 'D': { /* "name\0value": braces around long names are put by us */
        struct bytes name = cut(&piece);
        if (!bytes_equal(name, BYTES("j"))) /* comes with its commands, once with each */
            stand_in_macros_define(&context->macros, name, piece);
        return SMFIS_CONTINUE;
    }
    default:
        return SMFIS_CONTINUE;
    }
}

/* Whether a record has to have been written. */
static unsigned expected_records(const struct smfi_str *context, unsigned which, sfsistat status)
{
    bool refused = status == SMFIS_REJECT || status == SMFIS_TEMPFAIL;
    if (which == 'M' || (which == 'R' && context->in_message))
        return refused;
    return which == 'E' && context->in_message;
}

/* Where no reply was agreed on, libmilter makes one of each other status, and complains. */
static bool is_quiet(const struct smfi_str *context, unsigned which)
{
    switch (which) {
    case 'C':
        return context->protocol & SMFIP_NR_CONN;
    case 'H':
        return context->protocol & SMFIP_NR_HELO;
    case 'L':
        return context->protocol & SMFIP_NR_HDR;
    case 'B':
        return context->protocol & SMFIP_NR_BODY;
    default:
        return false;
    }
}

static void check_status(struct smfi_str *context, unsigned which, sfsistat status)
{
    bool refused = status == SMFIS_REJECT || status == SMFIS_TEMPFAIL;
    if (!refused && status != SMFIS_CONTINUE && status != SMFIS_NOREPLY)
        fuzz_fail("%c: the status %d", which, status);
    if ((status == SMFIS_NOREPLY) != is_quiet(context, which))
        fuzz_fail("%c: the status %d, and a reply was %sagreed on", which, status,
                  is_quiet(context, which) ? "not " : "");
    if (refused && strchr("MRE", (int)which) &&
        context->code[0] != (status == SMFIS_REJECT ? '5' : '4'))
        fuzz_fail("%c: the status %d and the reply %s", which, status, context->code);
    if (status == SMFIS_CONTINUE && context->code[0])
        fuzz_fail("%c: a reply that nobody gets: %s", which, context->code);
    if (which == 'E' && !context->in_message && !refused)
        fuzz_fail("the end of no message was accepted");
}

bool stand_in_packet(struct smfi_str *context, struct bytes *rest)
{
    if (!rest->len)
        return false;
    unsigned which = fuzz_take_byte(rest);
    struct bytes piece = {NULL, 0};
    if (strchr("CHMRLBD", (int)which) && which)
        piece = fuzz_take_piece(rest);
    records = 0;
    context->code[0] = '\0';
    sfsistat status = call(context, which, piece);
    check_status(context, which, status);
    if (records != expected_records(context, which, status))
        fuzz_fail("%c: %u records", which, records);
    if (which == 'M')
        context->in_message = status == SMFIS_CONTINUE;
    else if (which == 'E' || which == 'A' || which == 'K')
        context->in_message = false;
    return true;
}

/* ---- What callbacks call: libmilter ---- */

struct stream_agreed *streams_agreed(void)
{
    return &agreed;
}

void *smfi_getpriv(SMFICTX *context)
{
    return context->private;
}

int smfi_setpriv(SMFICTX *context, void *private)
{
    context->private = private;
    return MI_SUCCESS;
}

int smfi_setsymlist(SMFICTX *context, int stage, char *macros)
{
    (void)context;
    if (stage < SMFIM_FIRST || stage > SMFIM_LAST || !macros[0])
        fuzz_fail("macros of stage %d: %s", stage, macros);
    return MI_SUCCESS;
}

char *smfi_getsymval(SMFICTX *context, char *name)
{
    return stand_in_macros_value(&context->macros, name);
}

/* As libmilter's own checks, and what Sendmail makes of a single percent sign. */
int smfi_setreply(SMFICTX *context, char *code, char *enhanced, char *text)
{
    size_t percents = 0;
    if (strlen(code) != 3 || (code[0] != '4' && code[0] != '5') || enhanced[0] != code[0] ||
        strlen(text) > 980 || bytes_skip_printable(bytes_of(text), 0) != strlen(text))
        fuzz_fail("the reply %s %s %s", code, enhanced, fuzz_show(bytes_of(text)));
    for (const char *at = text; *at; at++) {
        percents = *at == '%' ? percents + 1 : 0;
        if (percents % 2 && at[1] != '%')
            fuzz_fail("a single percent sign: %s", text);
    }
    snprintf(context->code, sizeof context->code, "%s", code);
    return MI_SUCCESS;
}

static void check_change(const SMFICTX *context, const char *name, const char *value)
{
    if (!context->at_end)
        fuzz_fail("the header was changed before the end");
    if (!name[0] || bytes_skip_printable(bytes_of(name), 0) != strlen(name))
        fuzz_fail("a field named %s", fuzz_show(bytes_of(name)));
    for (const char *at = value; at && *at; at++)
        if (*at == '\r' || (*at == '\n' && at[1] != ' ' && at[1] != '\t'))
            fuzz_fail("a line end in %s: %s", name, fuzz_show(bytes_of(value)));
}

int smfi_addheader(SMFICTX *context, char *name, char *value)
{
    check_change(context, name, value);
    return MI_SUCCESS;
}

int smfi_chgheader(SMFICTX *context, char *name, int index, char *value)
{
    if (!context->at_end || index < 1 || !name[0])
        fuzz_fail("the field %s, %d", name, index);
    if (value)
        check_change(context, name, value);
    return MI_SUCCESS;
}

int smfi_insheader(SMFICTX *context, int index, char *name, char *value)
{
    if (index < 0)
        fuzz_fail("a field at %d", index);
    check_change(context, name, value);
    return MI_SUCCESS;
}

int smfi_quarantine(SMFICTX *context, char *reason)
{
    if (!context->at_end || !reason[0])
        fuzz_fail("quarantine before the end, or without a reason");
    return MI_SUCCESS;
}

/* ---- and the daemon's threads ---- */

void writer_take_record(struct record_text *record)
{
    records++;
    record_text_unref(record);
}

bool writer_works(void)
{
    return works;
}

void history_writer_take(struct record_text *record)
{
    record_text_unref(record);
}

void alert_message(const struct message *message, struct bytes queue_id)
{
    (void)message;
    (void)queue_id;
}

struct limits *counting_take(void)
{
    return NULL;
}

void counting_give(struct limits *limits)
{
    (void)limits;
}

bool log_is_verbose(void)
{
    return true;
}

/* Lines of a message are to be told by their queue id, which no client or MTA may make up. */
__attribute__((format(printf, 1, 0))) static void check_line(const char *format, va_list args)
{
    char line[4096];
    vsnprintf(line, sizeof line, format, args);
    const char *id = strstr(line, ": id=");
    if (bytes_skip_printable(bytes_of(line), 0) != strlen(line))
        fuzz_fail("a log line that is not printable: %s", fuzz_show(bytes_of(line)));
    if (id && line[0] != '"' && strcspn(line, " ") < (size_t)(id - line))
        fuzz_fail("a queue id of several words: %s", line);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    check_line(format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    check_line(format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    check_line(format, args);
    va_end(args);
}
