/* A body that every SMTP server sees the same end of. */
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    bool nul;
    bool bare_cr;
    bool bare_lf;
    bool early_end;
    int64_t max_line;
};

#define LONGEST 998 /* RFC 5322, 2.1.1: a line without its CRLF */

static const struct option_row options[] = {
    {.name = "nul",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, nul),
     .default_value = "true",
     .help = "Refuses NUL bytes in the body."},
    {.name = "bare_cr",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, bare_cr),
     .default_value = "true",
     .help = "Refuses a carriage return without a line feed behind it."},
    {.name = "bare_lf",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, bare_lf),
     .default_value = "true",
     .help = "Refuses a line feed without a carriage return before it. Postfix mends these itself "
             "before a milter sees them."},
    {.name = "early_end",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, early_end),
     .default_value = "true",
     .help = "Refuses a line of a single dot that a bare CR or LF begins or ends: the next server "
             "could take it for the message's end, and what follows for a second message."},
    {.name = "max_line",
     .type = OPTION_SIZE,
     .offset = offsetof(struct settings, max_line),
     .default_value = "0",
     .max = INT64_C(1) << 30,
     .help =
         "Refuses lines of more bytes than this; 0: any length passes. Over 998 the record says "
         "long-line: Postfix breaks such a line when it sends it, which breaks the signature."},
    {0}};

static void refuse(struct verdict *verdict, struct arena *arena, const char *reason,
                   const char *what)
{
    verdict_violation(verdict, arena, reason, 554, "5.6.0",
                      "The message's text holds %s: have your mail program send it with plain "
                      "line ends (CR LF), or encoded as quoted-printable or base64",
                      what);
}

static void refuse_length(struct verdict *verdict, struct arena *arena, int64_t length,
                          int64_t most)
{
    verdict_violation(
        verdict, arena, "long-line", 554, "5.6.0",
        "The message's text has a line of %lld bytes, the most is %lld: have your mail "
        "program send it encoded as quoted-printable or base64",
        (long long)length, (long long)most);
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct facts_body *body = &facts->body;
    if (settings->early_end && body->has_early_end)
        refuse(verdict, arena, "early-end",
               "what other servers could take for its end (a lone dot between broken line ends)");
    else if (settings->nul && body->has_nul)
        refuse(verdict, arena, "nul", "NUL bytes");
    else if (settings->bare_cr && body->has_bare_cr)
        refuse(verdict, arena, "bare-cr", "a bare carriage return");
    else if (settings->bare_lf && body->has_bare_lf)
        refuse(verdict, arena, "bare-lf", "a bare line feed");
    else if (settings->max_line && body->longest_line > settings->max_line)
        refuse_length(verdict, arena, body->longest_line, settings->max_line);
    else
        verdict_pass(verdict, body->longest_line > LONGEST ? "long-line" : NULL);
}

const struct rule rule_body_syntax = {
    .name = "body_syntax",
    .asks =
        "Whether the body is free of NUL, bare CR and LF, and of what another server could take "
        "for the message's end.",
    .stage = STAGE_BODY,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
