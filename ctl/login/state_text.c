/* A standing in words. */
#include "ctl/login/state_text.h"

#include "ctl/plain.h"
#include "ctl/span.h"
#include "ctl/when.h"

static void print_since(FILE *out, const struct login_standing *standing)
{
    char time[WHEN_SIZE];
    fputs(login_state_word(standing->state), out);
    if (standing->state == LOGIN_NORMAL || !standing->since)
        return;
    when_local(standing->since * 1000, time);
    fprintf(out, " since %s", time);
}

static void print_cause(FILE *out, const struct login_standing *standing)
{
    if (!standing->cause.len)
        return;
    fputs(", ", out);
    plain_write_value(out, standing->cause);
}

void state_text_print(FILE *out, const struct login_standing *standing, int64_t now)
{
    char time[WHEN_SIZE], span[SPAN_SIZE];
    print_since(out, standing);
    if (standing->state == LOGIN_NORMAL) {
        if (standing->until <= now / 1000)
            return;
        when_local(standing->until * 1000, time);
        fprintf(out, " (until %s whatever signs of theft say)", time);
        return;
    }
    if (standing->until) {
        when_local(standing->until * 1000, time);
        fprintf(out, " until %s (%s more)", time, span_text(standing->until - now / 1000, span));
    } else {
        fputs(" until it is thawed", out);
    }
    print_cause(out, standing);
}

void state_text_print_past(FILE *out, const struct login_standing *standing)
{
    print_since(out, standing);
    print_cause(out, standing);
}

static void write_time(struct json *json, const char *name, int64_t seconds)
{
    char text[WHEN_SIZE];
    when_utc(seconds * 1000, text);
    json_text(json, name, seconds ? text : NULL);
}

void state_text_json(struct json *json, const struct login_standing *standing)
{
    json_text(json, "state", login_state_word(standing->state));
    write_time(json, "since", standing->since);
    write_time(json, "until", standing->until);
    if (standing->cause.len)
        json_bytes(json, "cause", standing->cause);
    else
        json_none(json, "cause");
}
