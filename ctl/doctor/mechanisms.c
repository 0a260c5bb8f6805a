/* Whether Postfix offers users a way to log in that submilter refuses afterwards. */
#include <ctype.h>
#include <string.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/services.h"
#include "ctl/verify/session.h"
#include "mta/words.h"
#include "policy/engine.h"

#define SECONDS 10
#define FILTER "smtpd_sasl_mechanism_filter"

static const struct doctor_kind kinds[] = {
    {"postfix.mechanism", DOCTOR_PROBLEM,
     "a submission service offers a login mechanism that auth.mechanisms refuses",
     "Mail programs choose the strongest that is offered: those that know it log in by it, and "
     "then all their mail is refused (auth.mechanism)."},
};

/* What it offers once TLS stands, where there is TLS; a certificate that does not hold is another
 * check's. False: nobody can tell, which the check of the service says. */
static bool ask(struct doctor *doctor, const struct postfix_service *service,
                struct session_facts *ret_facts)
{
    bool clear = strcmp(services_tls_level(doctor, service), "none") == 0;
    struct session_way way = {
        .host = services_host(doctor, service),
        .port = postfix_service_port(service),
        .tls = services_wraps_tls(doctor, service) ? SESSION_IMPLICIT
               : clear                             ? SESSION_CLEAR
                                                   : SESSION_STARTTLS,
        .insecure = true,
        .timeout = SECONDS,
    };
    struct session *session;
    struct error error;
    if (!way.host || session_open(&way, &session, ret_facts, &error) != SESSION_OPEN)
        return false;
    session_close(session);
    return true;
}

/* The filter with the mechanisms shut out; Postfix compares them without regard to case. */
static const char *filter_without(struct doctor *doctor, const struct postfix_service *service,
                                  const struct texts *refused)
{
    const char *now = postfix_service_value(doctor->postfix, service, FILTER);
    const char *filter = *now ? now : "static:rest";
    for (size_t i = refused->count; filter && i-- > 0;) {
        char *name = arena_text(doctor->arena, bytes_of(refused->items[i]));
        for (char *at = name; at && *at; at++)
            *at = (char)tolower((unsigned char)*at);
        filter = name ? arena_printf(doctor->arena, "!%s, %s", name, filter) : NULL;
    }
    return filter ? filter : "";
}

/* Postfix 3.6 and later can shut out single ones; with none left it would let nobody in. */
static struct mend mend_offer(struct doctor *doctor, const struct postfix_service *service,
                              const struct texts *refused, size_t offered, const char *list)
{
    if (refused->count < offered && postfix_parameter(doctor->postfix, FILTER))
        return mend_where_set(doctor, service, FILTER, filter_without(doctor, service, refused));
    return mend_sentence(doctor,
                         "take %s out of auth_mechanisms of Dovecot, or out of mech_list of Cyrus "
                         "SASL's smtpd.conf; or allow it in auth: { mechanisms = [ ... ]; }; of %s",
                         list, doctor->config);
}

/* The rule itself says it: what it holds of a login over TLS by the mechanism. */
static bool is_refused(struct doctor *doctor, const struct policy *policy, const char *mechanism)
{
    struct facts facts = {
        .tls.state = FACT_KNOWN,
        .login = {.state = FACT_KNOWN, .name = BYTES("anybody"), .mechanism = bytes_of(mechanism)},
    };
    struct verdict verdict = {.outcome = OUTCOME_NOT_ASKED};
    rules[RULE_auth]->judge(&facts, policy->settings[RULE_auth], doctor->arena, &verdict);
    return verdict.outcome == OUTCOME_VIOLATION;
}

static void look_at(struct doctor *doctor, const struct postfix_service *service,
                    const struct policy *policy)
{
    struct session_facts facts;
    struct texts offered;
    struct texts refused = {.items = NULL};
    if (!ask(doctor, service, &facts) || !words_split(doctor->arena, facts.auth, &offered) ||
        !offered.count)
        return;
    const char **items = arena_alloc(doctor->arena, offered.count * sizeof *items);
    const char *list = "";
    for (size_t i = 0; items && list && i < offered.count; i++) {
        if (!is_refused(doctor, policy, offered.items[i]))
            continue;
        items[refused.count++] = offered.items[i];
        list = arena_printf(doctor->arena, "%s%s%s", list, *list ? ", " : "", offered.items[i]);
    }
    refused.items = items;
    if (refused.count && list)
        doctor_find(doctor, "postfix.mechanism", services_name(doctor, service),
                    mend_offer(doctor, service, &refused, offered.count, list),
                    "it offers %s, which auth.mechanisms of %s does not allow", list,
                    doctor->config);
}

static void look(struct doctor *doctor)
{
    const struct policy *policy =
        doctor->settings ? settings_policy(doctor->settings, "submission", (struct bytes){NULL, 0})
                         : NULL;
    struct error error;
    if (!policy || policy->settings[RULE_auth]->mode != MODE_ENFORCE ||
        !session_global_init(&error))
        return;
    for (size_t i = 0; i < doctor->postfix->service_count; i++) {
        const struct postfix_service *service = &doctor->postfix->services[i];
        if (services_is_smtpd(service) && !services_is_internal(doctor, service) &&
            services_is_submission(doctor, service) && services_offers_login(doctor, service))
            look_at(doctor, service, policy);
    }
}

const struct doctor_check doctor_check_mechanisms = {
    .theme = "offer",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "by which mechanisms users may log in",
    DOCTOR_KINDS(kinds),
    .look = look,
};
