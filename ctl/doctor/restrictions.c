/* Postfix's own checks of senders: whether they are ever reached. */
#include <stdint.h>
#include <string.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/services.h"
#include "mta/words.h"

static const struct doctor_kind kinds[] = {
    {"postfix.restriction-order", DOCTOR_ADVICE,
     "a permit stands before Postfix's check of the sender",
     "The permit ends the list: reject_sender_login_mismatch behind it is never asked, and "
     "submilter is the only one that checks."},
    {"postfix.delay-reject", DOCTOR_PROBLEM,
     "smtpd_delay_reject = no, and a list before MAIL asks for the login",
     "Before MAIL nobody has logged in: permit_sasl_authenticated never matches there, and users "
     "are turned away."},
    {"postfix.sender-maps-differ", DOCTOR_ADVICE,
     "Postfix's smtpd_sender_login_maps and submilter's senders are different tables",
     "An address that is given to a login in one of them only is refused by the other."},
};

static const char *const lists[] = {"smtpd_client_restrictions",    "smtpd_helo_restrictions",
                                    "smtpd_sender_restrictions",    "smtpd_relay_restrictions",
                                    "smtpd_recipient_restrictions", NULL};

static bool checks_sender(const char *word)
{
    return strcmp(word, "reject_sender_login_mismatch") == 0 ||
           strcmp(word, "reject_authenticated_sender_login_mismatch") == 0 ||
           strcmp(word, "reject_known_sender_login_mismatch") == 0;
}

/* "permit_mynetworks" is not meant: hosts that can't log in have a right to stand there. */
static bool lets_logins_pass(const char *word)
{
    return strcmp(word, "permit_sasl_authenticated") == 0 || strcmp(word, "permit") == 0;
}

static const char *joined(struct doctor *doctor, const char *list, const char *word)
{
    return list ? arena_printf(doctor->arena, "%s%s%s", list, *list ? "," : "", word) : NULL;
}

/* The list with the checks that stand behind the first permit for logins just before it: what comes
 * earlier (permit_mynetworks) goes on to hold for whom it held. */
static const char *reordered(struct doctor *doctor, const struct texts *words, size_t permit)
{
    const char *list = "";
    for (size_t i = 0; i < permit; i++)
        list = joined(doctor, list, words->items[i]);
    for (int others = 0; others < 2; others++)
        for (size_t i = permit; i < words->count; i++)
            if (checks_sender(words->items[i]) == !others)
                list = joined(doctor, list, words->items[i]);
    return list ? list : "";
}

static void look_at_order(struct doctor *doctor, const struct postfix_service *service,
                          const char *list)
{
    const char *value = postfix_service_value(doctor->postfix, service, list);
    struct texts words;
    size_t permit = SIZE_MAX;
    if (!words_split(doctor->arena, value, &words))
        return;
    for (size_t i = 0; i < words.count; i++) {
        if (permit == SIZE_MAX && lets_logins_pass(words.items[i]))
            permit = i;
        if (permit < i && checks_sender(words.items[i])) {
            doctor_find(doctor, "postfix.restriction-order",
                        services_overrides(service, list) ? services_name(doctor, service)
                                                          : "main.cf",
                        mend_where_set(doctor, service, list, reordered(doctor, &words, permit)),
                        "%s: %s stands before %s", list, words.items[permit], words.items[i]);
            return;
        }
    }
}

static void look_at_delay(struct doctor *doctor, const struct postfix_service *service)
{
    static const char name[] = "smtpd_delay_reject";
    const struct postfix *postfix = doctor->postfix;
    if (postfix_says_yes(postfix_service_value(postfix, service, name)))
        return;
    for (size_t i = 0; i < 2; i++)
        if (services_list_has(doctor, postfix_service_value(postfix, service, lists[i]),
                              "permit_sasl_authenticated"))
            doctor_find(doctor, "postfix.delay-reject", services_name(doctor, service),
                        mend_where_set(doctor, service, name, "yes"),
                        "%s is no, and %s has permit_sasl_authenticated", name, lists[i]);
}

/* Without "proxy:", and with all kinds that are made of the same text file as one. */
static const char *file_of(const char *table)
{
    if (strncmp(table, "proxy:", 6) == 0)
        table += 6;
    const char *colon = strchr(table, ':');
    return colon && colon[1] == '/' ? colon + 1 : table;
}

static bool is_in(const struct texts *tables, const char *table)
{
    for (size_t i = 0; i < tables->count; i++)
        if (strcmp(file_of(tables->items[i]), file_of(table)) == 0)
            return true;
    return false;
}

static void look_at_senders(struct doctor *doctor, const struct postfix_service *service)
{
    static const char name[] = "smtpd_sender_login_maps";
    const char *value = postfix_service_value(doctor->postfix, service, name);
    const struct texts *ours = &doctor->settings->senders.tables;
    struct texts theirs;
    const char *list = "";
    if (!words_split(doctor->arena, value, &theirs) || !theirs.count)
        return;
    bool same = theirs.count == ours->count;
    for (size_t i = 0; i < ours->count; i++) {
        same = same && is_in(&theirs, ours->items[i]);
        list = arena_printf(doctor->arena, "%s%s%s", list, *list ? "," : "", ours->items[i]);
        if (!list)
            return;
    }
    if (!same)
        doctor_find(doctor, "postfix.sender-maps-differ",
                    services_overrides(service, name) ? services_name(doctor, service) : "main.cf",
                    *list ? mend_where_set(doctor, service, name, list)
                          : mend_sentence(doctor, "name the same tables in senders.tables of %s",
                                          doctor->config),
                    "%s = %s, but senders.tables of %s: %s", name, value, doctor->config,
                    *list ? list : "none: a login owns the address that it equals");
}

static void look(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->postfix->service_count; i++) {
        const struct postfix_service *service = &doctor->postfix->services[i];
        if (!services_is_smtpd(service) || services_is_internal(doctor, service) ||
            !services_offers_login(doctor, service))
            continue;
        for (size_t k = 0; lists[k]; k++)
            look_at_order(doctor, service, lists[k]);
        look_at_delay(doctor, service);
        if (doctor->settings)
            look_at_senders(doctor, service);
    }
}

const struct doctor_check doctor_check_restrictions = {
    .theme = "restrictions",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "the order of Postfix's own restrictions, and its table of senders",
    DOCTOR_KINDS(kinds),
    .look = look,
};
