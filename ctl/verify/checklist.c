/* A table for people, an object for programs. */
#include "ctl/verify/checklist.h"

#include <stdarg.h>
#include <stdio.h>

#include "ctl/verify/interrupt.h"

struct check_text {
    const char *name; /* a promise: scripts ask for it */
    const char *why;
};

static const struct check_text checks[] = {
    [CHECK_SERVER] = {"server", "nobody can hand in mail where no server answers"},
    [CHECK_CLEAR_LOGIN] = {"clear-login",
                           "a password sent without TLS is read by everybody on the way"},
    [CHECK_CLEAR_MAIL] = {"clear-mail", "mail handed in without TLS is read on the way"},
    [CHECK_TLS] = {"tls", "without a certificate that holds, a client cannot tell your server from "
                          "another's, and hands its password to that one"},
    [CHECK_OLD_TLS] = {"old-tls", "TLS before 1.2 no longer keeps a secret (RFC 8996)"},
    [CHECK_NO_LOGIN] = {"no-login", "who does not log in can't be told from anybody in the world"},
    [CHECK_LOGIN] = {"login", "the checks after it need a session that has logged in"},
    [CHECK_SPOOFED_SENDER] = {"spoofed-sender",
                              "who may use any envelope sender sends bounces and blame to others"},
    [CHECK_SPOOFED_FROM] = {"spoofed-from",
                            "From is what people see: a stolen password would write as anybody"},
    [CHECK_TWO_FROM] = {"two-from", "of two From fields one is checked and the other one is shown"},
    [CHECK_HIDDEN_BREAK] = {"hidden-break",
                            "readers that decode it see a further field, which nobody checked"},
    [CHECK_FORGED_TRUST] = {"forged-trust",
                            "whoever trusts your Authentication-Results would believe it"},
    [CHECK_ACCEPTED] = {"accepted", "legitimate mail that is refused is as bad as an attack that "
                                    "passes"},
    [CHECK_ARRIVED] = {"arrived", "only what comes out shows what receivers see"},
    [CHECK_FROM] = {"from", "what leaves has to be what was checked"},
    [CHECK_SUBJECT] = {"subject", "a field that is changed after signing breaks the signature"},
    [CHECK_MESSAGE_ID] = {"message-id", "receivers take mail with none, or two, for spam"},
    [CHECK_DATE] = {"date", "receivers take mail with none, or two, for spam"},
    [CHECK_TRUST_GONE] = {"trust-gone",
                          "whoever trusts your Authentication-Results would believe it"},
    [CHECK_DKIM] = {"dkim", "without a signature that verifies your name does not stand under it"},
    [CHECK_DNS] = {"dns", "receivers verify with the key that DNS shows, not with your file"},
};

void checklist_init(struct checklist *list, bool as_json)
{
    *list = (struct checklist){.as_json = as_json};
    json_init(&list->rows);
    json_open(&list->rows, NULL, '[');
}

void checklist_done(struct checklist *list)
{
    json_done(&list->rows);
}

enum result { PASS, SKIP, FAIL };
static const char *const shown[] = {"pass", "skip", "FAIL"}; /* so that it meets the eye */
static const char *const words[] = {"pass", "skip", "fail"};

static void add(struct checklist *list, enum check check, enum result result, const char *do_this,
                const char *seen)
{
    const struct check_text *text = &checks[check];
    int *const counts[] = {&list->passed, &list->skipped, &list->failed};
    if (interrupted()) /* then it was the interruption that was seen */
        return;
    (*counts[result])++;
    if (!list->as_json) {
        printf("%s  %-14s  %s\n", shown[result], text->name, seen);
        if (do_this)
            printf("      %-14s  why: %s\n      %-14s  do:  %s\n", "", text->why, "", do_this);
        fflush(stdout);
        return;
    }
    struct json *rows = &list->rows;
    json_open(rows, NULL, '{');
    json_text(rows, "check", text->name);
    json_text(rows, "result", words[result]);
    json_text(rows, "seen", seen);
    json_text(rows, "why", text->why);
    json_text(rows, "do", do_this);
    json_close(rows, '}');
}

#define SEEN_MAX 2048

#define ADD(result, do_this)                                                                       \
    do {                                                                                           \
        char text[SEEN_MAX];                                                                       \
        va_list values;                                                                            \
        va_start(values, seen);                                                                    \
        vsnprintf(text, sizeof text, seen, values);                                                \
        va_end(values);                                                                            \
        add(list, check, result, do_this, text);                                                   \
    } while (0)

void checklist_pass(struct checklist *list, enum check check, const char *seen, ...)
{
    ADD(PASS, NULL);
}

void checklist_skip(struct checklist *list, enum check check, const char *seen, ...)
{
    ADD(SKIP, NULL);
}

void checklist_fail(struct checklist *list, enum check check, const char *do_this, const char *seen,
                    ...)
{
    ADD(FAIL, do_this);
}

static bool print_object(struct checklist *list, const char *address, const char *server)
{
    struct json object;
    json_close(&list->rows, ']');
    json_init(&object);
    json_open(&object, NULL, '{');
    json_text(&object, "address", address);
    json_text(&object, "server", server);
    json_int(&object, "passed", list->passed);
    json_int(&object, "failed", list->failed);
    json_int(&object, "skipped", list->skipped);
    json_raw(&object, BYTES(",\"rows\":"));
    if (!list->rows.failed)
        json_raw(&object, (struct bytes){list->rows.data, list->rows.len});
    json_close(&object, '}');
    bool whole = !list->rows.failed && !object.failed;
    if (whole)
        puts(object.data);
    json_done(&object);
    return whole;
}

bool checklist_finish(struct checklist *list, const char *address, const char *server)
{
    bool whole = true;
    if (list->as_json)
        whole = print_object(list, address, server);
    else
        printf("%d passed, %d failed, %d skipped\n", list->passed, list->failed, list->skipped);
    return whole;
}
