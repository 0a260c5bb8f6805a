/* From an expectation to a message on its way through the gate. */
#include "gate/expectation_judge.h"

#include <string.h>

#include "conf/nearest.h"
#include "gate/expectation_happens.h"
#include "policy/date.h"

/* Recipients that nobody named: a domain that is nobody's (RFC 2606). */
static struct bytes made_up_rcpt(size_t number, struct arena *arena)
{
    return bytes_of(arena_printf(arena, "<recipient-%zu@example.net>", number));
}

static struct bytes mail_from_of(const struct expectation *expectation, struct bytes own,
                                 struct arena *arena)
{
    if (expectation->has_mail_from)
        return expectation->mail_from;
    struct bytes address = expectation->from.len ? expectation->from : own;
    return bytes_of(
        arena_printf(arena, "<%.*s>", (int)address.len, address.len ? address.data : ""));
}

static void keep_outcome(const struct message *message, struct happened *happened)
{
    const struct message_outcome *outcome = &message->outcome;
    happened->outcome = *outcome;
    happened->action = happens_action(outcome->action, outcome->reply.code);
    happened->decider = message->decision.decider;
}

static void keep_refusal(const struct message *message, struct happened *happened)
{
    if (happened->refused || message->outcome.action < ACTION_TEMPFAIL)
        return;
    happened->refused = true;
    keep_outcome(message, happened);
}

/* What the client is told first counts; the rules behind it are asked all the same, so that an
 * expectation can name any of those that refuse. */
static void offer_envelope(struct message *message, const struct expectation *expectation,
                           struct bytes mail_from, struct happened *happened)
{
    struct arena *arena = message->arena;
    size_t count = expectation->rcpt_count + expectation->made_up_rcpts;
    message_mail(message, mail_from, expectation->smtputf8);
    keep_refusal(message, happened);
    for (size_t i = 0; i < (count ? count : 1); i++) {
        struct bytes rcpt =
            i < expectation->rcpt_count ? expectation->rcpts[i] : made_up_rcpt(i + 1, arena);
        if (!message_rcpt(message, rcpt))
            break;
    }
    keep_refusal(message, happened);
}

static void offer_own(struct message *message, const struct expectation *expectation,
                      enum own_field field, const char *name, const char *value)
{
    if ((expectation->own_fields & field) && value)
        message_field(message, bytes_of(name), bytes_of(value));
}

static void offer_header(struct message *message, const struct expectation *expectation,
                         struct bytes own)
{
    struct arena *arena = message->arena;
    const struct texts *domains = &message->facts.site->domains;
    struct bytes from = expectation->from.len ? expectation->from : own;
    size_t at = from.len ? bytes_find(from, '@') : 0;
    struct bytes domain = bytes_slice(from, at + 1, from.len);
    char date[DATE_TEXT_SIZE];
    if (!domain.len)
        domain = domains->count ? bytes_of(domains->items[0]) : BYTES("example.com");
    date_format(message->facts.now, date);
    for (size_t i = 0; i < expectation->field_count; i++)
        message_field(message, expectation->fields[i].name, expectation->fields[i].value);
    offer_own(message, expectation, OWN_FROM, "From",
              arena_printf(arena, " %.*s", (int)own.len, own.len ? own.data : ""));
    offer_own(message, expectation, OWN_TO, "To", " recipient-1@example.net");
    offer_own(message, expectation, OWN_SUBJECT, "Subject", " expectation");
    offer_own(message, expectation, OWN_DATE, "Date", arena_printf(arena, " %s", date));
    offer_own(message, expectation, OWN_MESSAGE_ID, "Message-ID",
              arena_printf(arena, " <expectation.%u@%.*s>", expectation->line, (int)domain.len,
                           domain.data));
}

static void offer(struct message *message, const struct expectation *expectation,
                  struct happened *happened)
{
    const struct site *site = message->facts.site;
    struct bytes own = attempt_own_address(expectation->session.login.name, site, message->arena);
    offer_envelope(message, expectation, mail_from_of(expectation, own, message->arena), happened);
    offer_header(message, expectation, own);
    message_body(message, BYTES("An expectation is tried, and nothing is sent.\r\n"));
    message_end(message);
    if (!happened->refused)
        keep_outcome(message, happened);
}

/* NULL: it is there, or none was named. */
static const char *missing_listener(const struct settings *settings, const char *name,
                                    struct arena *arena)
{
    if (!name)
        return NULL;
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < settings->listener_count; i++) {
        if (strcmp(settings->listeners[i].name, name) == 0)
            return NULL;
        nearest_offer(&nearest, settings->listeners[i].name);
    }
    if (nearest.name)
        return arena_printf(arena, "there is no listener \"%s\" in %s; did you mean \"%s\"?", name,
                            settings->path, nearest.name);
    return arena_printf(arena, "there is no listener \"%s\" in %s", name, settings->path);
}

static void leave_untold(struct finding *finding, const char *why)
{
    *finding =
        (struct finding){.result = EXPECTATION_UNTOLD, .happens = why ? why : "out of memory"};
}

void expectation_judge(const struct expectation *expectation, struct snapshot *snapshot,
                       int64_t now, struct arena *arena, struct finding *finding)
{
    struct message_session session = expectation->session;
    const struct message_clock clock = {.milliseconds = now};
    const char *missing = missing_listener(snapshot->settings, session.listener, arena);
    if (missing) {
        leave_untold(finding, missing);
        return;
    }
    session.without_signing = !expectation->about_signatures;
    struct message *message = message_new(snapshot, &session, &clock);
    if (!message) {
        leave_untold(finding, NULL);
        return;
    }
    struct happened happened = {.message = message};
    offer(message, expectation, &happened);
    const char *silent = happens_silent(&happened, arena);
    if (silent)
        leave_untold(finding, silent);
    else
        happens_compare(&happened, expectation, arena, finding);
    if (arena_failed(arena))
        leave_untold(finding, NULL);
    message_free(message);
}
