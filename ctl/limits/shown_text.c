/* A subject's counters for people. */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/limits/shown.h"
#include "ctl/login/state_text.h"
#include "ctl/plain.h"
#include "ctl/report/figures.h"
#include "ctl/table_text.h"
#include "ctl/when.h"
#include "policy/how_long.h"

static void add_count(struct table_text *table, int64_t count)
{
    char text[FIGURES_SIZE];
    table_text_add(table, bytes_of(figures_count(count, text)));
}

static bool finish(struct table_text *table, struct error *error)
{
    bool printed =
        table ? table_text_print(table, stdout, error) : error_set(error, "out of memory");
    table_text_free(table);
    return printed;
}

static bool print_counts(const struct counted_subject *counted, struct error *error)
{
    static const struct table_text_column columns[] = {{.title = "counted within a"},
                                                       {.title = "minute", .right = true},
                                                       {.title = "hour", .right = true},
                                                       {.title = "day", .right = true}};
    struct table_text *table = table_text_new(columns, sizeof columns / sizeof *columns);
    for (int q = 0; table && q < QUANTITY_COUNT; q++) {
        table_text_add(table, bytes_of(quantity_word((enum quantity)q)));
        for (int w = 0; w < WINDOW_COUNT; w++)
            add_count(table, counted->counted.counts[q][w]);
    }
    return finish(table, error);
}

/* "login", "group sales", "contain" where only unknown recipients are deferred */
static void add_whose(struct table_text *table, const struct shown *show, const struct held *limit)
{
    char text[200];
    if (limit->contain)
        snprintf(text, sizeof text, "contain");
    else if (limit->subject == SUBJECT_GROUP && show->group)
        snprintf(text, sizeof text, "group %s", show->group);
    else
        snprintf(text, sizeof text, "%s", subject_word(limit->subject));
    table_text_add(table, bytes_of(text));
}

static void add_limit(struct table_text *table, const struct shown *show, const struct held *limit)
{
    char text[HELD_TEXT_SIZE], span[HOW_LONG_SIZE];
    const struct counted_subject *counted = shown_counted(show, limit->subject);
    int64_t count = counted->counted.counts[limit->limit.quantity][limit->limit.window];
    int64_t frees = counted->frees[limit->limit.quantity][limit->limit.window];
    table_text_add(table, bytes_of(held_text(&limit->limit, text)));
    add_whose(table, show, limit);
    table_text_add(table, bytes_of(limit->policy));
    table_text_add(table, bytes_of(mode_word(limit->mode)));
    add_count(table, count);
    add_count(table, count < limit->limit.max ? limit->limit.max - count : 0);
    table_text_add(table, bytes_of(frees ? how_long(frees, span) : ""));
}

static bool print_limits(const struct shown *show, struct error *error)
{
    static const struct table_text_column columns[] = {{.title = "limit"},
                                                       {.title = "of"},
                                                       {.title = "policy", .least = 8, .spare = 2},
                                                       {.title = "mode", .spare = 1},
                                                       {.title = "counted", .right = true},
                                                       {.title = "left", .right = true},
                                                       {.title = "some free in", .right = true}};
    if (!show->limit_count) {
        fputs("\nNo limit holds for ", stdout);
        whom_print(&show->whom);
        puts(".");
        return true;
    }
    putchar('\n');
    struct table_text *table = table_text_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; table && i < show->limit_count; i++)
        add_limit(table, show, &show->limits[i]);
    return finish(table, error);
}

/* Nothing is compared here: it is those that had been there for a day by now. */
static void print_clients(const struct habit *habit)
{
    char count[FIGURES_SIZE];
    fputs("clients         ", stdout);
    if (!habit->other_client_messages)
        puts("only such as came within the last day");
    else
        printf("%" PRId64 " different within 30 days, without what came within the last day; "
               "%s message%s by all that came before\n",
               habit->clients, figures_count(habit->other_client_messages, count),
               habit->other_client_messages == 1 ? "" : "s");
}

static void print_habit(const struct shown *show)
{
    const struct habit *habit = &show->look.answer.habit;
    char time[WHEN_SIZE], count[FIGURES_SIZE], known[FIGURES_SIZE];
    if (!habit->since) {
        puts("first message   none was counted");
    } else {
        when_local(habit->since * 1000, time);
        printf("first message   %s, %s since\n", time, figures_count(habit->messages, count));
        printf("networks        %" PRId64 " within the hour, %" PRId64 " within the day\n",
               habit->networks_hour, habit->networks_day);
        print_clients(habit);
    }
    if (show->remembered >= 0)
        printf("correspondents  %s, %s of them known\n", figures_count(show->remembered, count),
               figures_count(show->known, known));
}

static void print_login(const struct shown *show)
{
    if (show->group) {
        fputs("group           ", stdout);
        plain_write_value(stdout, bytes_of(show->group));
        putchar('\n');
    }
    fputs("state           ", stdout);
    state_text_print(stdout, &show->look.answer.standing, show->now);
    putchar('\n');
    print_habit(show);
    putchar('\n');
}

bool shown_text(const struct shown *show, struct error *error)
{
    if (!show->found) {
        fputs("Nothing was counted of ", stdout);
        whom_print(&show->whom);
        puts(".");
    } else if (show->whom.kind == SUBJECT_LOGIN) {
        print_login(show);
    }
    return !show->found ||
           (print_counts(shown_counted(show, show->whom.kind), error) && print_limits(show, error));
}
