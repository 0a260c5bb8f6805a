/* What the client is told: a code, a sentence that is safe to send, and the bracket to ask about it
 * with. */
#include "policy/engine.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 900

/* Printable ASCII only, so that nothing a client typed breaks a reply or a terminal. */
static void make_safe(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

/* How many bytes of a text take that much room, when every % will be doubled for libmilter. */
static size_t fit(const char *text, size_t room)
{
    size_t len = 0;
    for (; text[len]; len++) {
        size_t cost = text[len] == '%' ? 2 : 1;
        if (cost > room)
            break;
        room -= cost;
    }
    return len;
}

/* rule: NULL where it is not named. */
static const char *finish(struct arena *arena, const char *sentence, const char *rule,
                          const char *reason, const char *id)
{
    char bracket[160];
    if (rule)
        snprintf(bracket, sizeof bracket, " [%s%s%s%s%s]", rule, reason ? "." : "",
                 reason ? reason : "", id ? " " : "", id ? id : "");
    else
        snprintf(bracket, sizeof bracket, " [%s]", id ? id : "");
    char text[TEXT_MAX + 1];
    size_t len = fit(sentence, TEXT_MAX - strlen(bracket));
    snprintf(text, sizeof text, "%.*s%s", (int)len, sentence, bracket);
    make_safe(text);
    return arena_text(arena, bytes_of(text));
}

void reply_internal(const char *id, struct arena *arena, struct reply *ret_reply)
{
    *ret_reply = (struct reply){.code = 451, .enhanced = "4.3.0"};
    ret_reply->text =
        finish(arena, "The mail filter could not decide just now, please try again later",
               "internal", NULL, id);
    if (!ret_reply->text)
        ret_reply->text = "The mail filter could not decide just now, please try again later";
}

void reply_of(const struct decision *decision, const struct facts *facts, struct arena *arena,
              struct reply *ret_reply)
{
    if (decision->decider == RULE_COUNT) {
        reply_internal(facts->id, arena, ret_reply);
        return;
    }
    const struct verdict *verdict = &decision->judged[decision->decider].verdict;
    bool temporary = decision->action == ACTION_TEMPFAIL;
    const char *enhanced = verdict->enhanced;
    if (temporary && enhanced[0] != '4')
        enhanced = "4.7.1";
    ret_reply->code = temporary && verdict->code >= 500 ? 451 : verdict->code;
    ret_reply->enhanced = enhanced;
    ret_reply->text = verdict->sentence
                          ? finish(arena, verdict->sentence,
                                   verdict->discreet ? NULL : rules[decision->decider]->name,
                                   verdict->reason, facts->id)
                          : NULL;
    if (!ret_reply->text)
        reply_internal(facts->id, arena, ret_reply);
}
