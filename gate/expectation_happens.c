/* Saying what happened in the words of expectations, so that the line can be mended with them. */
#include "gate/expectation_happens.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum action happens_action(enum action action, int code)
{
    return action == ACTION_REJECT && code < 500 ? ACTION_TEMPFAIL : action;
}

struct sentence {
    char text[1200];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct sentence *sentence, const char *format,
                                                      ...)
{
    size_t room = sizeof sentence->text - sentence->len;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(sentence->text + sentence->len, room, format, args);
    va_end(args);
    if (len > 0)
        sentence->len += (size_t)len < room ? (size_t)len : room - 1;
}

static const char *comma(const struct sentence *sentence)
{
    return sentence->len ? ", " : "";
}

static const char *word_of(enum action action)
{
    static const char *const words[] = {
        [ACTION_ACCEPT] = "accepted",        [ACTION_FIX] = "fixed",
        [ACTION_QUARANTINE] = "quarantined", [ACTION_TEMPFAIL] = "deferred",
        [ACTION_REJECT] = "refused",
    };
    return words[action];
}

/* Every rule in that mode that leads there; returns how many. */
static size_t say_rules(struct sentence *sentence, const struct decision *decision, enum mode mode,
                        enum action action)
{
    size_t count = 0;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &decision->judged[i];
        if (judged->verdict.outcome < OUTCOME_VIOLATION || judged->mode != mode ||
            happens_action(judged->action, judged->verdict.code) != action)
            continue;
        say(sentence, "%s%s%s %s.%s", comma(sentence), mode == MODE_OBSERVE ? "would be " : "",
            word_of(action), rules[i]->name, judged->verdict.reason);
        count++;
    }
    return count;
}

static void say_signatures(struct sentence *sentence, const struct happened *happened)
{
    const struct message_outcome *outcome = &happened->outcome;
    if (happened->outcome.action >= ACTION_TEMPFAIL)
        return;
    for (size_t i = 0; i < outcome->signature_count; i++)
        say(sentence, ", signed by %s/%s", outcome->signatures[i].key->domain,
            outcome->signatures[i].key->selector);
    if (!outcome->signature_count)
        say(sentence, ", not signed");
}

/* Why a rule that was expected to do something could not. */
static void say_mode(struct sentence *sentence, const struct message *message,
                     const struct expected *unmet)
{
    if (unmet->rule == RULE_COUNT)
        return;
    const char *rule = rules[unmet->rule]->name;
    enum mode mode = message->policy->settings[unmet->rule]->mode;
    if (mode == MODE_OFF)
        say(sentence, "; rule %s is off in policy %s", rule, message->policy_name);
    else if (mode == MODE_OBSERVE && !unmet->would)
        say(sentence, "; rule %s only observes in policy %s", rule, message->policy_name);
    else if (mode == MODE_ENFORCE && unmet->would)
        say(sentence, "; rule %s is enforced in policy %s", rule, message->policy_name);
}

static void say_end(struct sentence *sentence, const struct happened *happened)
{
    const struct decision *decision = &happened->message->decision;
    enum action action = happened->action;
    bool accepted = action <= ACTION_FIX;
    if (accepted)
        say(sentence, "accepted");
    else if (!say_rules(sentence, decision, MODE_ENFORCE, action))
        say(sentence, "%s", word_of(action));
    if (action < ACTION_TEMPFAIL)
        say_rules(sentence, decision, MODE_ENFORCE, ACTION_FIX);
}

const char *happens_sentence(const struct happened *happened, const struct expectation *expectation,
                             const struct expected *unmet, struct arena *arena)
{
    static const enum action heaviest_first[] = {ACTION_REJECT, ACTION_TEMPFAIL, ACTION_QUARANTINE,
                                                 ACTION_FIX};
    const struct message *message = happened->message;
    struct bytes listener = message->facts.connection.listener;
    const char *reply = happens_reply(happened, arena);
    struct sentence sentence = {.len = 0};
    say_end(&sentence, happened);
    for (size_t i = 0; i < sizeof heaviest_first / sizeof *heaviest_first; i++)
        say_rules(&sentence, &message->decision, MODE_OBSERVE, heaviest_first[i]);
    if (expectation->about_signatures)
        say_signatures(&sentence, happened);
    say(&sentence, ", policy %s, listener %.*s", message->policy_name, (int)listener.len,
        listener.data);
    say_mode(&sentence, message, unmet);
    if (reply)
        say(&sentence, "; %s", reply);
    return arena_text(arena, (struct bytes){sentence.text, sentence.len});
}

const char *happens_reply(const struct happened *happened, struct arena *arena)
{
    const struct reply *reply = &happened->outcome.reply;
    if (happened->outcome.action < ACTION_TEMPFAIL)
        return NULL;
    const char *bracket = strrchr(reply->text, '[');
    size_t len = bracket && bracket > reply->text ? (size_t)(bracket - reply->text) - 1
                                                  : strlen(reply->text);
    return arena_printf(arena, "%d %s %.*s", reply->code, reply->enhanced, (int)len, reply->text);
}
