/* What lets mail through when submilter does not answer, or keeps Postfix from asking it. */
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/ours.h"
#include "ctl/doctor/services.h"

static const struct doctor_kind kinds[] = {
    {"postfix.default-action", DOCTOR_PROBLEM,
     "Postfix lets mail through, or keeps it unjudged, when submilter does not answer",
     "Whoever brings submilter down, or a full disk or a bad start, turns every rule off, and mail "
     "leaves unsigned. With tempfail it waits with the client."},
    {"postfix.no-milters", DOCTOR_PROBLEM,
     "a service's receive_override_options switch milters off",
     "Mail that comes in there is neither judged nor signed, whatever smtpd_milters says."},
    {"postfix.milter-maps", DOCTOR_ADVICE, "smtpd_milter_maps can switch submilter off for clients",
     "A client that the table names with DISABLE, or with other milters, passes by submilter."},
    {"postfix.milter-time-out", DOCTOR_ADVICE, "Postfix waits too short a time for submilter",
     "A busy moment of the host then defers mail that nothing is wrong with."},
};

static bool fails_closed(const char *action)
{
    return strcmp(action, "tempfail") == 0 || strcmp(action, "reject") == 0 ||
           strcmp(action, "shutdown") == 0;
}

static void look_at_action(struct doctor *doctor, const struct ours_place *place)
{
    const struct milter *milter = ours_milter(place);
    const char *action =
        milter->default_action
            ? milter->default_action
            : postfix_service_value(doctor->postfix, place->service, "milter_default_action");
    if (!fails_closed(action))
        doctor_find(doctor, "postfix.default-action", place->where,
                    ours_mend_attribute(doctor, place, "default_action", "tempfail"),
                    "when submilter does not answer, Postfix's action is %s%s", action,
                    milter->default_action ? "" : ", as milter_default_action says");
}

/* Seconds of "30s", "5m", "1h"; a number alone is in seconds. */
static long seconds_of(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    return *end == 'm' ? number * 60 : *end == 'h' ? number * 3600 : *end == 'd' ? 86400 : number;
}

static const struct {
    const char *attribute;
    const char *parameter;
    long least;
    const char *usual;
} time_outs[] = {
    {"connect_timeout", "milter_connect_timeout", 5, "30s"},
    {"command_timeout", "milter_command_timeout", 10, "30s"},
    {"content_timeout", "milter_content_timeout", 60, "300s"},
};

static void look_at_time_outs(struct doctor *doctor, const struct ours_place *place)
{
    for (size_t i = 0; i < sizeof time_outs / sizeof *time_outs; i++) {
        const char *value = ours_attribute(doctor, ours_milter(place), time_outs[i].attribute);
        if (!value)
            value = postfix_service_value(doctor->postfix, place->service, time_outs[i].parameter);
        if (seconds_of(value) < time_outs[i].least)
            doctor_find(
                doctor, "postfix.milter-time-out", place->where,
                ours_mend_attribute(doctor, place, time_outs[i].attribute, time_outs[i].usual),
                "%s is %s; less than %lds is too little", time_outs[i].parameter, value,
                time_outs[i].least);
    }
}

static void look_at_service(struct doctor *doctor, const struct postfix_service *service)
{
    static const char options[] = "receive_override_options";
    const char *value = postfix_service_value(doctor->postfix, service, options);
    const char *maps = postfix_service_value(doctor->postfix, service, "smtpd_milter_maps");
    bool own = services_overrides(service, options);
    if (services_list_has(doctor, value, "no_milters"))
        doctor_find(doctor, "postfix.no-milters", own ? services_name(doctor, service) : "main.cf",
                    mend_where_set(doctor, service, options,
                                   services_list_without(doctor, value, "no_milters")),
                    "%s = %s", options, value);
    if (*maps)
        doctor_find(doctor, "postfix.milter-maps",
                    services_overrides(service, "smtpd_milter_maps")
                        ? services_name(doctor, service)
                        : "main.cf",
                    mend_where_set(doctor, service, "smtpd_milter_maps", ""),
                    "smtpd_milter_maps = %s", maps);
}

static void look(struct doctor *doctor)
{
    struct ours_places places;
    if (!ours_find(doctor, &places))
        return;
    for (size_t i = 0; i < places.count; i++) {
        const struct ours_place *place = &places.items[i];
        if (ours_is_asked(place)) {
            look_at_action(doctor, place);
            look_at_time_outs(doctor, place);
        }
        if (services_is_smtpd(place->service) && !services_is_internal(doctor, place->service))
            look_at_service(doctor, place->service);
    }
}

const struct doctor_check doctor_check_failopen = {
    .theme = "failopen",
    .mta = DOCTOR_POSTFIX,
    .looks_at =
        "what Postfix does with mail when submilter does not answer, and what keeps it from "
        "asking",
    DOCTOR_KINDS(kinds),
    .look = look,
};
