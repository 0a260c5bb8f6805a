/* A habit in words. */
#include "ctl/explain/habit.h"

#include <inttypes.h>

#include "ctl/explain/value.h"
#include "ctl/when.h"

/* "since TIME", "never before" */
static void print_since(const char *what, int64_t seconds, FILE *out)
{
    char text[WHEN_SIZE];
    if (seconds <= 0 || seconds > INT64_MAX / 1000) {
        fprintf(out, "    %s: never seen before", what);
        return;
    }
    when_local_zone(seconds * 1000, text);
    fprintf(out, "    %s: since %s", what, text);
}

void habit_print(const json_t *habit, FILE *out)
{
    if (!json_is_object(habit))
        return;
    print_since("the login", value_number(habit, "since"), out);
    fprintf(out, ", %" PRId64 " messages\n", value_number(habit, "messages"));
    fprintf(out, "    networks: %" PRId64 " within the hour, %" PRId64 " within the day\n",
            value_number(habit, "networks_hour"), value_number(habit, "networks_day"));
    print_since("this network", value_number(habit, "network_since"), out);
    fprintf(out, ", %" PRId64 " messages from it within the hour\n",
            value_number(habit, "network_hour"));
    print_since("this kind of client", value_number(habit, "client_since"), out);
    fprintf(out,
            "; %" PRId64 " kinds within 30 days, %" PRId64 " messages since one was last new\n",
            value_number(habit, "clients"), value_number(habit, "other_client_messages"));
    fprintf(out, "    this hour of the day: %" PRId64 " of 1000 of its messages come around it\n",
            value_number(habit, "hour_permille"));
}
