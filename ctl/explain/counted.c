/* Counts, standing and habit in words. */
#include "ctl/explain/counted.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/explain/habit.h"
#include "ctl/explain/value.h"
#include "ctl/when.h"
#include "dkim/our_command.h"
#include "policy/counting.h"

#define WHO_WIDTH 24

static void print_time(int64_t seconds, FILE *out)
{
    char text[WHEN_SIZE];
    if (seconds < 0 || seconds > INT64_MAX / 1000) {
        fputs("an unknown time", out);
        return;
    }
    when_local_zone(seconds * 1000, text);
    fputs(text, out);
}

/* "login", "network 192.0.2.0/24" */
static void print_who(const char *word, const json_t *subject, FILE *out)
{
    struct bytes name = value_text(subject, "name");
    size_t len = strlen(word) + (name.len ? name.len + 1 : 0);
    fprintf(out, "  %s%s", word, name.len ? " " : "");
    value_print(out, name);
    fprintf(out, "%*s", len < WHO_WIDTH ? (int)(WHO_WIDTH - len) : 1, "");
}

static void print_windows(const char *word, const json_t *counts, const char *before, FILE *out)
{
    fprintf(out, "%s%s", before, word);
    for (size_t i = 0; i < json_array_size(counts) && i < WINDOW_COUNT; i++)
        fprintf(out, "%s%" JSON_INTEGER_FORMAT, i ? ", " : " ",
                json_integer_value(json_array_get(counts, i)));
}

static void print_subjects(const json_t *limits, const char *title, FILE *out)
{
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        const char *word = subject_word((enum subject_kind)i);
        const json_t *subject = json_object_get(limits, word);
        bool any = false;
        if (!json_is_object(subject))
            continue;
        fputs(title, out);
        title = "";
        print_who(word, subject, out);
        for (size_t j = 0; j < QUANTITY_COUNT; j++) {
            const char *quantity = quantity_word((enum quantity)j);
            const json_t *counts = json_object_get(subject, quantity);
            if (!json_is_array(counts))
                continue;
            print_windows(quantity, counts, any ? "; " : "", out);
            any = true;
        }
        fputs(any ? "\n" : "nothing\n", out);
    }
}

/* How much of what, against which limit: "login 31 messages/minute of 30". */
struct passed {
    char subject[16], count[20], quantity[16], window[16], max[20];
};

static bool read_passed(struct bytes fact, struct passed *ret_passed)
{
    char text[160];
    int end = 0;
    if (!fact.len || fact.len >= sizeof text)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)fact.len, fact.data);
    return sscanf(text, "%15[a-z] %19[0-9] %15[a-z]/%15[a-z] of %19[0-9]%n", ret_passed->subject,
                  ret_passed->count, ret_passed->quantity, ret_passed->window, ret_passed->max,
                  &end) == 5 &&
           !text[end];
}

static void print_passed(const json_t *verdict, FILE *out)
{
    struct passed passed;
    if (!value_is(verdict, "rule", "limits") || !value_is(verdict, "outcome", "violation") ||
        !read_passed(value_text(verdict, "fact"), &passed))
        return;
    bool is_new = strcmp(passed.quantity, "new") == 0;
    fprintf(out, "  %s: with this one %s %s in the last %s, %s %s let through%s\n", passed.subject,
            passed.count, is_new ? "new recipients" : passed.quantity, passed.window, passed.max,
            strcmp(passed.max, "1") == 0 ? "is" : "are",
            value_is(verdict, "reason", "contain")
                ? "; past it, mail only goes to recipients that it knows"
                : "");
}

static void print_standing(const json_t *limits, const char *before, FILE *out)
{
    const json_t *standing = json_object_get(limits, "standing");
    if (!json_is_object(standing))
        return;
    fprintf(out, "  %s ", before);
    value_print(out, value_text(standing, "state"));
    if (value_number(standing, "since")) {
        fputs(", since ", out);
        print_time(value_number(standing, "since"), out);
    }
    if (value_number(standing, "until")) {
        fputs(", until ", out);
        print_time(value_number(standing, "until"), out);
    } else if (!value_is(standing, "state", "normal")) {
        fputs(", until an admin thaws it", out);
    }
    if (value_text(standing, "cause").len) {
        fputs(", because of: ", out);
        value_print(out, value_text(standing, "cause"));
    }
    fputc('\n', out);
}

static void print_recipients(const json_t *limits, FILE *out)
{
    int64_t new_rcpts = value_number(limits, "new_rcpts");
    int64_t unknown = value_number(limits, "unknown_rcpts");
    if (new_rcpts || unknown)
        fprintf(out,
                "  of its recipients %" PRId64 " had never been written to before, and %" PRId64
                " %s not known for long\n  enough to be written to by a login that is slowed\n",
                new_rcpts, unknown, unknown == 1 ? "was" : "were");
    if (json_is_true(json_object_get(limits, "rcpt_is_new")))
        fputs("  the recipient asked about had never been written to before\n", out);
    else if (json_is_false(json_object_get(limits, "rcpt_is_known")))
        fputs("  the recipient asked about was not known for long\n", out);
}

static void print_signs(const json_t *record, const json_t *limits, FILE *out)
{
    const json_t *verdicts = json_object_get(record, "verdicts");
    bool any = false;
    for (size_t i = 0; i < json_array_size(verdicts); i++) {
        const json_t *verdict = json_array_get(verdicts, i);
        bool observed = value_is(verdict, "mode", "observe");
        bool freezes = value_is(verdict, "contain", "freeze");
        bool did = value_text(record, "contained").len > 0;
        print_passed(verdict, out);
        if (!value_text(verdict, "contain").len)
            continue;
        any = true;
        fputs("  ", out);
        value_print(out, value_text(verdict, "rule"));
        fputc('.', out);
        value_print(out, value_text(verdict, "reason"));
        fprintf(out, " %s the login%s\n",
                observed || !did ? (freezes ? "would have frozen" : "would have slowed")
                                 : (freezes ? "froze" : "slowed"),
                observed || did ? ""
                                : ", but did not: it had been thawed within a day before, or was "
                                  "held back already");
    }
    if (any)
        habit_print(json_object_get(limits, "habit"), out);
}

/* What the admin can look at. */
static void print_commands(const json_t *record, const json_t *limits, FILE *out)
{
    struct bytes login = value_text(record, "login");
    const json_t *standing = json_object_get(limits, "standing");
    bool contained = value_text(record, "contained").len ||
                     (json_is_object(standing) && !value_is(standing, "state", "normal"));
    if (!login.len)
        return;
    fprintf(out, "  how it is now: %s limits show ", our_command());
    value_print_word(out, login);
    if (contained) {
        fprintf(out, "; to let it go on: %s login thaw ", our_command());
        value_print_word(out, login);
    }
    fputc('\n', out);
}

void counted_print(const json_t *record, FILE *out)
{
    const json_t *limits = json_object_get(record, "limits");
    const json_t *settled = json_object_get(limits, "settled");
    if (!json_is_object(limits))
        return;
    fputs("\nCounted before it, in the last minute, hour and day:\n", out);
    print_subjects(limits, "", out);
    print_subjects(settled, "  at its end, as others were sent meanwhile:\n", out);
    print_recipients(limits, out);
    print_standing(limits, "the login was", out);
    print_signs(record, limits, out);
    print_standing(settled, "at its end the login was", out);
    if (json_is_integer(json_object_get(limits, "degraded_hosts")))
        fprintf(out,
                "  the fleet's counters were out of reach: judged by this host's share, as one of "
                "%" PRId64 "\n",
                value_number(limits, "degraded_hosts"));
    print_commands(record, limits, out);
}
