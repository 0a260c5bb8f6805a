/* What an admin reads at night: who, what, why, since when, the figures, and the commands. */
#include "milter/alert_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dkim/our_command.h"
#include "gate/json.h"
#include "milter/alert_clean.h"
#include "policy/shell.h"

#define NAME_MAX_SHOWN 300
#define FACT_MAX_SHOWN 300
#define TIME_SIZE 32

/* What both writers use; all of it clean. */
struct told {
    const struct message *message;
    const struct alert_cause *cause;
    struct arena *arena;
    const char *host, *who, *why, *fact, *queue_id, *title;
    const struct counted_subject *counted;
};

static const char *time_text(int64_t seconds, char *room)
{
    time_t moment = (time_t)seconds;
    struct tm utc;
    gmtime_r(&moment, &utc);
    strftime(room, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return room;
}

static const char *state_of(const struct told *told)
{
    return login_state_word(told->message->facts.limits.standing.state);
}

static const char *event_word(const struct told *told)
{
    switch (told->cause->event) {
    case ALERT_LIMITED:
        return "limited";
    case ALERT_HELD:
        return "held";
    case ALERT_CONTAINED:
    case ALERT_NONE:
        break;
    }
    return state_of(told);
}

static const char *title_of(const struct told *told)
{
    switch (told->cause->event) {
    case ALERT_CONTAINED:
        return arena_printf(told->arena, "%s was %s: %s", told->who, state_of(told), told->why);
    case ALERT_HELD:
        return arena_printf(told->arena, "%s is %s %s, and still sends", told->who, state_of(told),
                            told->why);
    case ALERT_LIMITED:
    case ALERT_NONE:
        break;
    }
    if (told->cause->subject == SUBJECT_HOST)
        return arena_printf(told->arena, "the whole server is over a limit: %s", told->why);
    return arena_printf(told->arena, "%s %s is over a limit: %s",
                        subject_word(told->cause->subject), told->who, told->why);
}

static const char *fact_of(const struct told *told)
{
    if (told->cause->rule == RULE_COUNT)
        return "";
    return alert_clean(told->arena, told->message->decision.judged[told->cause->rule].verdict.fact,
                       FACT_MAX_SHOWN);
}

static void line(FILE *out, const char *name, const char *value)
{
    if (value[0])
        fprintf(out, "  %-9s %s\n", name, value);
}

static void write_standing(FILE *out, const struct told *told)
{
    const struct login_standing *standing = &told->message->facts.limits.standing;
    char room[TIME_SIZE];
    if (standing->state == LOGIN_NORMAL)
        return;
    line(out, "Since", time_text(standing->since, room));
    line(out, "Until", standing->until ? time_text(standing->until, room) : "it is thawed");
}

static void write_session(FILE *out, const struct told *told)
{
    const struct facts *facts = &told->message->facts;
    const struct habit *habit = &facts->limits.habit;
    char room[TIME_SIZE];
    line(out, "Client", alert_clean(told->arena, facts->connection.client_address, NAME_MAX_SHOWN));
    if (facts->limits.subjects[SUBJECT_NETWORK].name.len)
        fprintf(
            out, "  %-9s %s, %s%s\n", "Network",
            alert_clean(told->arena, facts->limits.subjects[SUBJECT_NETWORK].name, NAME_MAX_SHOWN),
            habit->network_since ? "known since " : "never seen before",
            habit->network_since ? time_text(habit->network_since, room) : "");
    if (habit->networks_hour)
        fprintf(out, "  %-9s %" PRId64 " in the last hour, %" PRId64 " in a day\n", "Networks",
                habit->networks_hour, habit->networks_day);
    if (told->queue_id[0])
        fprintf(out, "  %-9s %s (queue id %s)\n", "Decision", told->message->id, told->queue_id);
    else
        line(out, "Decision", told->message->id);
}

static void write_figures(FILE *out, const struct told *told)
{
    fprintf(out, "\n  Until then %12s %12s %12s\n", window_word(WINDOW_MINUTE),
            window_word(WINDOW_HOUR), window_word(WINDOW_DAY));
    for (int quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
        const int64_t *counts = told->counted->counted.counts[quantity];
        fprintf(out, "  %-10s %12" PRId64 " %12" PRId64 " %12" PRId64 "\n",
                quantity_word((enum quantity)quantity), counts[WINDOW_MINUTE], counts[WINDOW_HOUR],
                counts[WINDOW_DAY]);
    }
}

/* What the state means for mail. */
static const char *meaning_of(const struct told *told)
{
    enum login_state state = told->message->facts.limits.standing.state;
    bool contains = bytes_equal(told->cause->cause, BYTES("limits.contain"));
    bool refused = told->cause->event != ALERT_CONTAINED && /* that may be the sign's own action */
                   told->message->outcome.action == ACTION_REJECT;
    if (told->cause->event == ALERT_LIMITED && !contains)
        return refused
                   ? "What is over the limit is refused."
                   : "What is over the limit is deferred: who sends it has to try again, and gets "
                     "through as the counts fall.";
    if (state == LOGIN_FROZEN)
        return "None of its mail goes out.";
    return refused
               ? "Mail to people whom it has long written to goes on; mail to others is refused."
               : "Mail to people whom it has long written to goes on; mail to others is deferred.";
}

/* A name as a word of a command that is to be pasted: no shell takes it for more. "" when memory is
 * out. */
static const char *word_of(const struct told *told, struct bytes name)
{
    char *text = arena_text(told->arena, name);
    return text ? alert_clean(told->arena, bytes_of(shell_quote(told->arena, text)), SIZE_MAX) : "";
}

/* Where it stands alone it is not to be taken for options. */
static const char *dash_of(struct bytes login)
{
    return login.len && login.data[0] == '-' ? "-- " : "";
}

/* Whose counters it is about, as submilterctl limits takes it; NULL: nobody's, or memory is out. */
static const char *counted_words(const struct told *told)
{
    const struct facts *facts = &told->message->facts;
    enum subject_kind kind = told->cause->subject;
    struct bytes name =
        kind == SUBJECT_LOGIN ? facts->login.name : facts->limits.subjects[kind].name;
    if (!name.len)
        return NULL;
    if (kind == SUBJECT_HOST)
        return "--host";
    if (kind == SUBJECT_LOGIN)
        return arena_printf(told->arena, "%s%s", dash_of(name), word_of(told, name));
    return arena_printf(told->arena, "--%s %s", subject_word(kind), word_of(told, name));
}

/* The commands, as many as fit the case; what each is for, and its words. */
struct told_command {
    const char *purpose, *words;
};
#define COMMANDS_MAX 6

static size_t commands_of(const struct told *told, struct told_command *ret_commands)
{
    size_t count = 0;
    struct arena *arena = told->arena;
    struct bytes name = told->message->facts.login.name;
    enum login_state state = told->message->facts.limits.standing.state;
    const char *whose = counted_words(told), *login = word_of(told, name), *dash = dash_of(name);
    if (name.len)
        ret_commands[count++] = (struct told_command){
            "look", arena_printf(arena, "%s login show %s%s", our_command(), dash, login)};
    if (whose)
        ret_commands[count++] = (struct told_command){
            "counts", arena_printf(arena, "%s limits show %s", our_command(), whose)};
    if (name.len)
        ret_commands[count++] = (struct told_command){
            "mail", arena_printf(arena, "%s log --login %s", our_command(), login)};
    if (name.len && state != LOGIN_FROZEN)
        ret_commands[count++] = (struct told_command){
            "freeze", arena_printf(arena, "%s login freeze %s%s", our_command(), dash, login)};
    if (name.len && state != LOGIN_NORMAL)
        ret_commands[count++] = (struct told_command){
            "thaw", arena_printf(arena, "%s login thaw %s%s", our_command(), dash, login)};
    else if (whose)
        ret_commands[count++] = (struct told_command){
            "reset", arena_printf(arena, "%s limits reset %s", our_command(), whose)};
    ret_commands[count++] = (struct told_command){
        "explain", arena_printf(arena, "%s explain %s", our_command(), told->message->id)};
    return count;
}

static char *write_text(const struct told *told, const struct told_command *commands, size_t count)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    fprintf(out, "%s\n\n%s\n\n", told->title, meaning_of(told));
    line(out, "Why", told->why);
    line(out, "Figures", told->fact);
    write_standing(out, told);
    write_session(out, told);
    line(out, "Told by", told->host);
    write_figures(out, told);
    fputs("\n", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-9s %s\n", commands[i].purpose,
                commands[i].words ? commands[i].words : "");
    bool failed = ferror(out);
    if (fclose(out) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

static void write_json_counts(struct json *json, const struct told *told)
{
    json_open(json, "counts", '{');
    for (int quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
        json_open(json, quantity_word((enum quantity)quantity), '{');
        for (int window = 0; window < WINDOW_COUNT; window++)
            json_int(json, window_word((enum window)window),
                     told->counted->counted.counts[quantity][window]);
        json_close(json, '}');
    }
    json_close(json, '}');
}

static void write_json_standing(struct json *json, const struct told *told)
{
    const struct login_standing *standing = &told->message->facts.limits.standing;
    char room[TIME_SIZE];
    json_text(json, "state", login_state_word(standing->state));
    if (standing->state == LOGIN_NORMAL)
        return;
    json_text(json, "since", time_text(standing->since, room));
    json_text(json, "until", standing->until ? time_text(standing->until, room) : NULL);
}

static bool write_json(const struct told *told, const char *text,
                       const struct told_command *commands, size_t count, struct json *json)
{
    const struct facts *facts = &told->message->facts;
    char room[TIME_SIZE];
    json_init(json);
    json_open(json, NULL, '{');
    json_text(json, "event", event_word(told));
    json_text(json, "title", told->title);
    json_whole(json, "text", bytes_of(text));
    json_text(json, "host", told->host);
    json_text(json, "time", time_text(told->message->began / 1000, room));
    json_text(json, "subject", subject_word(told->cause->subject));
    json_text(json, "who", told->who);
    json_text(json, "cause", told->why);
    json_text(json, "fact", told->fact);
    json_bytes(json, "login", facts->login.name);
    write_json_standing(json, told);
    json_bytes(json, "client", facts->connection.client_address);
    json_text(json, "id", told->message->id);
    json_text(json, "queue_id", told->queue_id);
    write_json_counts(json, told);
    json_open(json, "commands", '{');
    for (size_t i = 0; i < count; i++)
        json_text(json, commands[i].purpose, commands[i].words);
    json_close(json, '}');
    json_close(json, '}');
    json_raw(json, BYTES("\n"));
    return !json->failed;
}

bool alert_text_write(const struct message *message, const struct alert_cause *cause,
                      struct bytes queue_id, struct bytes host, struct arena *arena,
                      struct alert_text *ret_text)
{
    struct told_command commands[COMMANDS_MAX];
    struct json json;
    struct told told = {
        .message = message,
        .cause = cause,
        .arena = arena,
        .host = alert_clean(arena, host, NAME_MAX_SHOWN),
        .who = alert_clean(arena, cause->who, NAME_MAX_SHOWN),
        .why = alert_clean(arena, cause->cause, FACT_MAX_SHOWN),
        .queue_id = alert_clean(arena, queue_id, NAME_MAX_SHOWN),
        .counted = &message->facts.limits.subjects[cause->subject],
    };
    told.fact = fact_of(&told);
    told.title = title_of(&told);
    size_t count = commands_of(&told, commands);
    char *text = arena_failed(arena) ? NULL : write_text(&told, commands, count);
    bool written = text && write_json(&told, text, commands, count, &json);
    *ret_text = (struct alert_text){
        .title = told.title,
        .words = {arena_printf(arena, "event=%s", event_word(&told)),
                  arena_printf(arena, "who=%s", told.who),
                  arena_printf(arena, "cause=%s", told.why)},
    };
    if (written)
        ret_text->json = arena_bytes(arena, (struct bytes){json.data, json.len});
    if (text)
        json_done(&json);
    free(text);
    return written && !arena_failed(arena);
}
