/* What lets mail through when submilter does not answer. */
#include <string.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/ours.h"

static const struct doctor_kind kinds[] = {
    {"postfix.default-action", DOCTOR_PROBLEM,
     "Postfix lets mail through, or keeps it unjudged, when submilter does not answer",
     "Whoever brings submilter down, or a full disk or a bad start, turns every rule off, and mail "
     "leaves unsigned. With tempfail it waits with the client."},
};

static bool fails_closed(const char *action)
{
    return strcmp(action, "tempfail") == 0 || strcmp(action, "reject") == 0 ||
           strcmp(action, "shutdown") == 0;
}

static void look_at(struct doctor *doctor, const struct ours_place *place)
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

static void look(struct doctor *doctor)
{
    struct ours_places places;
    if (!ours_find(doctor, &places))
        return;
    for (size_t i = 0; i < places.count; i++)
        if (ours_is_asked(&places.items[i]))
            look_at(doctor, &places.items[i]);
}

const struct doctor_check doctor_check_failopen = {
    .theme = "failopen",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "what Postfix does with mail when submilter does not answer",
    DOCTOR_KINDS(kinds),
    .look = look,
};
