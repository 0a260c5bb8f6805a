/* Findings for people and for machines. */
#include <stdio.h>
#include <string.h>

#include "ctl/doctor/doctor.h"
#include "ctl/output.h"
#include "ctl/plain.h"
#include "dkim/our_command.h"
#include "gate/json.h"

static const char *const words[] = {
    [DOCTOR_PROBLEM] = "problem", [DOCTOR_ADVICE] = "advice", [DOCTOR_UNKNOWN] = "unknown"};

static void print_plain(const char *before, const char *text)
{
    fputs(before, stdout);
    plain_write(stdout, bytes_of(text));
}

static void print_finding(const struct doctor_finding *finding)
{
    printf("%s%s: %s", finding->accepted ? "accepted " : "", words[finding->kind->severity],
           finding->kind->id);
    print_plain(" at ", finding->where);
    print_plain("\n  what  ", finding->what);
    if (!finding->accepted) {
        printf("\n  why   %s", finding->kind->why);
        print_plain("\n  mend  ", finding->mend);
        putchar('\n');
    }
    putchar('\n');
}

void doctor_print_text(const struct doctor *doctor)
{
    size_t accepted = 0;
    for (size_t i = 0; i < doctor->count; i++) {
        accepted += doctor->findings[i].accepted;
        print_finding(&doctor->findings[i]);
    }
    size_t problems = doctor_counted(doctor, DOCTOR_PROBLEM);
    size_t advice = doctor_counted(doctor, DOCTOR_ADVICE);
    size_t unknown = doctor_counted(doctor, DOCTOR_UNKNOWN);
    if (!problems && !advice && !unknown)
        printf("clean");
    else
        printf("problems: %zu, advice: %zu, not looked at: %zu", problems, advice, unknown);
    if (accepted)
        printf(" (accepted: %zu)", accepted);
    putchar('\n');
}

static void write_finding(struct json *json, const struct doctor_finding *finding)
{
    json_open(json, NULL, '{');
    json_text(json, "id", finding->kind->id);
    json_text(json, "severity", words[finding->kind->severity]);
    json_bool(json, "accepted", finding->accepted);
    json_whole(json, "where", bytes_of(finding->where));
    json_whole(json, "what", bytes_of(finding->what));
    json_text(json, "why", finding->kind->why);
    json_whole(json, "mend", bytes_of(finding->mend));
    json_bool(json, "mend_is_command", !finding->mend_is_sentence);
    json_close(json, '}');
}

bool doctor_print_json(const struct doctor *doctor)
{
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_bool(&json, "clean",
              !doctor_counted(doctor, DOCTOR_PROBLEM) && !doctor_counted(doctor, DOCTOR_ADVICE) &&
                  !doctor_counted(doctor, DOCTOR_UNKNOWN));
    json_open(&json, "findings", '[');
    for (size_t i = 0; i < doctor->count; i++)
        write_finding(&json, &doctor->findings[i]);
    json_close(&json, ']');
    json_close(&json, '}');
    return output_json(&json);
}

void doctor_print_list(void)
{
    for (size_t i = 0; doctor_checks[i]; i++) {
        const struct doctor_check *check = doctor_checks[i];
        printf("%s%s: %s\n", check->theme,
               check->mta == DOCTOR_POSTFIX    ? " (Postfix)"
               : check->mta == DOCTOR_SENDMAIL ? " (Sendmail)"
                                               : "",
               check->looks_at);
        for (size_t k = 0; k < check->kind_count; k++)
            printf("  %-8s %-32s %s\n", words[check->kinds[k].severity], check->kinds[k].id,
                   check->kinds[k].summary);
    }
    printf("not looked at: whether DNS shows the keys (%s key show --dns prints the records)\n",
           our_command());
}
