/* A few words on one decision. */
#include "ctl/replay/sample_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "gate/record_values.h"

struct sample_text {
    char *data;
    size_t size;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct sample_text *text, const char *format,
                                                      ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text->data + text->len, text->size - text->len, format, args);
    va_end(args);
    if (len > 0)
        text->len +=
            (size_t)len < text->size - text->len ? (size_t)len : text->size - text->len - 1;
}

static struct sample_text text_in(char *data, size_t size)
{
    data[0] = '\0';
    return (struct sample_text){data, size, 0};
}

/* Separated by commas. */
static void say_item(struct sample_text *text, const char *kind, struct bytes name)
{
    say(text, "%s%s %.*s", text->len ? ", " : "", kind, (int)name.len, name.len ? name.data : "");
}

void sample_text_effect(const struct replay_effect *effect, char *ret_text, size_t size)
{
    struct sample_text text = text_in(ret_text, size);
    if (!effect->reason)
        say(&text, "-");
    else
        say(&text, "%s%s %s", effect->mode == MODE_OBSERVE ? "would " : "",
            effect->action == ACTION_ACCEPT && effect->contain ? record_contain(effect->contain)
                                                               : action_word(effect->action),
            effect->reason);
}

static void say_decision(struct sample_text *text, const struct replay_decision *decision)
{
    say(text, "%s", action_word(decision->action));
    if (decision->rule)
        say(text, " %s%s%s", decision->rule, decision->reason ? "." : "",
            decision->reason ? decision->reason : "");
    if (decision->command && decision->action >= ACTION_TEMPFAIL)
        say(text, " at %s", decision->command);
}

static void say_edits(struct sample_text *then, struct sample_text *now,
                      const struct recorded *recorded, const struct message *message)
{
    for (size_t i = 0; i < recorded->edit_count; i++)
        say_item(then, record_edit_kind(recorded->edits[i].kind), recorded->edits[i].name);
    for (const struct edit *edit = message->outcome.edits; edit; edit = edit->next)
        say_item(now, record_edit_kind(edit->kind), edit->name);
}

static void say_signatures(struct sample_text *then, struct sample_text *now,
                           const struct recorded *recorded, const struct message *message)
{
    for (size_t i = 0; i < recorded->signature_count; i++)
        say_item(then, "signed", recorded->signatures[i].domain);
    for (size_t i = 0; i < message->outcome.signature_count; i++)
        say_item(now, "signed", bytes_of(message->outcome.signatures[i].key->domain));
}

static void say_rules(struct sample_text *then, struct sample_text *now,
                      const struct replayed *replayed)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct replay_rule *rule = &replayed->rules[i];
        char text[200];
        if (replay_same_effect(&rule->then, &rule->now))
            continue;
        sample_text_effect(&rule->then, text, sizeof text);
        say_item(then, rules[i]->name, bytes_of(text));
        sample_text_effect(&rule->now, text, sizeof text);
        say_item(now, rules[i]->name, bytes_of(text));
    }
}

static void fill(char *text, size_t size, struct bytes bytes)
{
    snprintf(text, size, "%.*s", (int)bytes_slice(bytes, 0, size - 1).len,
             bytes.len ? bytes.data : "");
}

void sample_text_fill(struct difference_sample *sample, uint64_t number, enum difference kind,
                      const struct recorded *recorded, const struct replayed *replayed)
{
    struct sample_text then = text_in(sample->then, sizeof sample->then);
    struct sample_text now = text_in(sample->now, sizeof sample->now);
    /* the others are still let go */
    bool some_rcpts = replayed->rcpts_refused && !replayed->now.command &&
                      replayed->now.action < ACTION_QUARANTINE;
    sample->number = number;
    fill(sample->id, sizeof sample->id, recorded->id);
    fill(sample->time, sizeof sample->time, recorded->time);
    fill(sample->login, sizeof sample->login, recorded->session.login.name);
    fill(sample->from, sizeof sample->from,
         recorded->from.len ? recorded->from : recorded->mail_from);
    switch (kind) {
    case DIFFERENCE_EDITED:
        say_edits(&then, &now, recorded, replayed->message);
        break;
    case DIFFERENCE_SIGNED:
        say_signatures(&then, &now, recorded, replayed->message);
        break;
    case DIFFERENCE_OBSERVED:
        say_rules(&then, &now, replayed);
        break;
    default:
        say_decision(&then, &replayed->then);
        say_decision(&now, some_rcpts ? &replayed->rcpt : &replayed->now);
        if (some_rcpts)
            say(&now, " for %zu of %zu recipients", replayed->rcpts_refused, recorded->rcpts_len);
        break;
    }
    if (!then.len)
        say(&then, "-");
    if (!now.len)
        say(&now, "-");
}
