/* Whether Postfix tells submilter what it has to know of a session, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/ours.h"
#include "ctl/doctor/services.h"
#include "mta/words.h"

static const struct doctor_kind kinds[] = {
    {"postfix.milter-protocol", DOCTOR_PROBLEM, "Postfix speaks an old milter protocol",
     "Before version 6 submilter cannot ask for the macros that it needs (only what main.cf's "
     "milter_*_macros list is sent: no port, no listener), and the blanks behind a field's colon "
     "are lost: what is signed may not be what leaves."},
    {"postfix.macros", DOCTOR_PROBLEM,
     "with an old milter protocol: milter_*_macros lack what submilter needs",
     "submilter does not learn the port, TLS or login of a session: who logged in looks like a "
     "stranger, and is refused or judged as one."},
    {"postfix.macro-defaults", DOCTOR_PROBLEM,
     "milter_macro_defaults make up a login, TLS or a port",
     "A session without a login or without TLS looks to every milter as if it had one."},
};

static const struct {
    const char *parameter;
    const char *macros[6];
} needed[] = {
    {"milter_connect_macros", {"{daemon_name}", "{daemon_port}"}},
    {"milter_helo_macros", {"{tls_version}", "{cipher}", "{cipher_bits}"}},
    {"milter_mail_macros", {"{auth_type}", "{auth_authen}"}},
    {"milter_end_of_data_macros", {"i"}},
};

static void look_at_macros(struct doctor *doctor, const struct ours_place *place)
{
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        const char *list =
            postfix_service_value(doctor->postfix, place->service, needed[i].parameter);
        const char *more = list;
        for (const char *const *macro = needed[i].macros; *macro; macro++)
            if (!services_list_has(doctor, list, *macro) && more)
                more = arena_printf(doctor->arena, "%s %s", more, *macro);
        if (more && more != list)
            doctor_find(doctor, "postfix.macros", place->where,
                        mend_where_set(doctor, place->service, needed[i].parameter, more),
                        "%s = %s: lacks what submilter needs; with milter_protocol = 6 it asks for "
                        "that itself",
                        needed[i].parameter, list);
    }
}

static void look_at_protocol(struct doctor *doctor, const struct ours_place *place)
{
    const char *own = ours_attribute(doctor, ours_milter(place), "protocol");
    const char *version =
        own ? own : postfix_service_value(doctor->postfix, place->service, "milter_protocol");
    if (strtol(version, NULL, 10) >= 6)
        return;
    struct mend mend = own ? ours_mend_attribute(doctor, place, "protocol", "6")
                           : mend_where_set(doctor, place->service, "milter_protocol", "6");
    doctor_find(doctor, "postfix.milter-protocol", place->where, mend,
                "Postfix speaks version %s of the milter protocol", version);
    if (services_is_smtpd(place->service))
        look_at_macros(doctor, place);
}

/* auth_type alone is no login for submilter. */
static const char *const never_default[] = {"auth_authen", "tls_version",  "cipher",
                                            "cipher_bits", "cert_subject", "cert_issuer",
                                            "daemon_port", "client_addr",  NULL};

/* "name=value" or "{name}=value" or "{ {name} = value }". */
static bool makes_up(struct doctor *doctor, const char *word)
{
    const char *inside = words_inside(doctor->arena, word);
    for (size_t i = 0; inside && never_default[i]; i++) {
        const char *at = inside + (*inside == '{');
        size_t len = strlen(never_default[i]);
        if (strncmp(at, never_default[i], len) == 0 && strchr("} =\t", at[len]) && at[len])
            return true;
    }
    return false;
}

static void look_at_defaults(struct doctor *doctor, const struct ours_place *place)
{
    static const char name[] = "milter_macro_defaults";
    const char *value = postfix_service_value(doctor->postfix, place->service, name);
    struct texts words;
    const char *rest = "";
    bool found = false;
    if (!words_split(doctor->arena, value, &words))
        return;
    for (size_t i = 0; rest && i < words.count; i++) {
        if (makes_up(doctor, words.items[i]))
            found = true;
        else
            rest = arena_printf(doctor->arena, "%s%s%s", rest, *rest ? "," : "", words.items[i]);
    }
    if (found)
        doctor_find(doctor, "postfix.macro-defaults",
                    services_overrides(place->service, name) ? services_name(doctor, place->service)
                                                             : "main.cf",
                    mend_where_set(doctor, place->service, name, rest ? rest : ""), "%s = %s", name,
                    value);
}

static void look(struct doctor *doctor)
{
    struct ours_places places;
    if (!ours_find(doctor, &places))
        return;
    for (size_t i = 0; i < places.count; i++)
        if (ours_is_asked(&places.items[i])) {
            look_at_protocol(doctor, &places.items[i]);
            look_at_defaults(doctor, &places.items[i]);
        }
}

const struct doctor_check doctor_check_macros = {
    .theme = "macros",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "the macros by which Postfix tells of TLS, login and port",
    DOCTOR_KINDS(kinds),
    .look = look,
};
