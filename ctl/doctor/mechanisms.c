/* Whether Postfix offers users a way to log in that submilter refuses afterwards. */
#include <arpa/inet.h>
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

/* Postfix 3.6 and later can shut out single ones; with none left it would let nobody in. Not in
 * main.cf: users of another service may log in so. */
static struct mend mend_offer(struct doctor *doctor, const struct postfix_service *service,
                              const struct texts *refused, size_t offered, const char *list)
{
    if (refused->count < offered && postfix_parameter(doctor->postfix, FILTER))
        return mend_service(doctor, service, FILTER, filter_without(doctor, service, refused));
    return mend_sentence(doctor,
                         "take %s out of auth_mechanisms of Dovecot, or out of mech_list of Cyrus "
                         "SASL's smtpd.conf; or allow it in auth: { mechanisms = [ ... ]; }; of %s",
                         list, doctor->config);
}

static void note_policy(struct doctor *doctor, const struct postfix_service *service,
                        struct bytes client, struct texts *policies, const char **items)
{
    const char *daemon =
        postfix_service_value(doctor->postfix, service, "milter_macro_daemon_name");
    const struct listener *listener = settings_listener(
        doctor->settings, client, postfix_service_port(service), bytes_of(daemon), true);
    const char *policy = listener ? listener->policy : "submission";
    if (!texts_have(policies, bytes_of(policy)))
        items[policies->count++] = policy;
}

static void note_policy_of(struct doctor *doctor, const struct postfix_service *service,
                           const struct in6_addr *client, struct texts *policies,
                           const char **items)
{
    char text[INET6_ADDRSTRLEN];
    if (inet_ntop(AF_INET6, client, text, sizeof text))
        note_policy(doctor, service, bytes_of(text), policies, items);
}

/* The policies that the daemon may judge by who has logged in there: listeners go by the client,
 * too. Where another one holds from an address on, a network begins there, or has ended before it.
 */
static bool find_policies(struct doctor *doctor, const struct postfix_service *service,
                          struct texts *ret_policies)
{
    const struct settings *settings = doctor->settings;
    const char **items = arena_alloc(doctor->arena, (settings->listener_count + 1) * sizeof *items);
    *ret_policies = (struct texts){.items = items};
    if (!items)
        return false;
    note_policy(doctor, service, BYTES("0.0.0.0"), ret_policies, items);
    note_policy(doctor, service, BYTES("::"), ret_policies, items);
    for (size_t i = 0; i < settings->listener_count; i++) {
        for (size_t k = 0; k < settings->listeners[i].client_count; k++) {
            const struct cidr *network = &settings->listeners[i].clients[k];
            struct in6_addr behind = network->address;
            for (unsigned bit = network->bits; bit < 128; bit++)
                behind.s6_addr[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
            for (int at = 15; at >= 0 && ++behind.s6_addr[at] == 0; at--)
                ;
            note_policy_of(doctor, service, &network->address, ret_policies, items);
            note_policy_of(doctor, service, &behind, ret_policies, items);
        }
    }
    return true;
}

/* The rule itself says it: what it holds of a login over TLS by the mechanism. */
static bool refuses(struct doctor *doctor, const struct policy *policy, const char *mechanism)
{
    struct facts facts = {
        .tls.state = FACT_KNOWN,
        .login = {.state = FACT_KNOWN, .name = BYTES("anybody"), .mechanism = bytes_of(mechanism)},
    };
    struct verdict verdict = {.outcome = OUTCOME_NOT_ASKED};
    if (policy->settings[RULE_auth]->mode != MODE_ENFORCE)
        return false;
    rules[RULE_auth]->judge(&facts, policy->settings[RULE_auth], doctor->arena, &verdict);
    return verdict.outcome == OUTCOME_VIOLATION;
}

static const char *join(struct doctor *doctor, const char *list, const char *next)
{
    return list && next ? arena_printf(doctor->arena, "%s%s%s", list, *list ? ", " : "", next)
                        : NULL;
}

/* Whether a policy refuses it; and who may use it all the same ("" for nobody; NULL: no memory). A
 * group that may not what its policy allows was meant to be refused. */
static bool is_refused(struct doctor *doctor, const struct texts *policies, const char *mechanism,
                       const char **ret_users)
{
    bool refused = false;
    *ret_users = "";
    for (size_t i = 0; i < policies->count; i++) {
        const char *name = policies->items[i];
        if (!refuses(doctor, settings_policy(doctor->settings, name, (struct bytes){NULL, 0}),
                     mechanism)) {
            *ret_users = join(doctor, *ret_users, arena_printf(doctor->arena, "policy %s", name));
            continue;
        }
        refused = true;
        const char *group;
        for (size_t k = 0; (group = settings_group_at(doctor->settings, k)); k++)
            if (!refuses(doctor, settings_group_policy(doctor->settings, name, bytes_of(group)),
                         mechanism))
                *ret_users =
                    join(doctor, *ret_users,
                         arena_printf(doctor->arena, "group %s of policy %s", group, name));
    }
    return refused;
}

static void find_refused(struct doctor *doctor, const struct postfix_service *service,
                         const struct texts *refused, size_t offered)
{
    const char *list = "";
    for (size_t i = 0; i < refused->count; i++)
        list = join(doctor, list, refused->items[i]);
    if (refused->count && list)
        doctor_find(doctor, "postfix.mechanism", services_name(doctor, service),
                    mend_offer(doctor, service, refused, offered, list),
                    "it offers %s, which auth.mechanisms of %s does not allow", list,
                    doctor->config);
}

/* No command: it would lock those out who may log in so. */
static void find_refused_but(struct doctor *doctor, const struct postfix_service *service,
                             const char *mechanism, const char *users)
{
    doctor_find(doctor, "postfix.mechanism", services_name(doctor, service),
                mend_sentence(doctor,
                              "offer %s at a service of their own to those who may use it, and no "
                              "longer at this one (%s); or allow it to all who log in here, by "
                              "auth: { mechanisms = [ ... ]; }; of %s",
                              mechanism, FILTER, doctor->config),
                "it offers %s to all, which auth.mechanisms of %s allows only by %s", mechanism,
                doctor->config, users);
}

static void look_at(struct doctor *doctor, const struct postfix_service *service)
{
    struct session_facts facts;
    struct texts offered;
    struct texts policies;
    struct texts refused = {.items = NULL};
    if (!ask(doctor, service, &facts) || !words_split(doctor->arena, facts.auth, &offered) ||
        !offered.count || !find_policies(doctor, service, &policies))
        return;
    const char **items = arena_alloc(doctor->arena, offered.count * sizeof *items);
    for (size_t i = 0; items && i < offered.count; i++) {
        const char *users;
        if (!is_refused(doctor, &policies, offered.items[i], &users) || !users)
            continue;
        if (*users)
            find_refused_but(doctor, service, offered.items[i], users);
        else
            items[refused.count++] = offered.items[i];
    }
    refused.items = items;
    find_refused(doctor, service, &refused, offered.count);
}

static void look(struct doctor *doctor)
{
    struct error error;
    if (!doctor->settings || !session_global_init(&error))
        return;
    for (size_t i = 0; i < doctor->postfix->service_count; i++) {
        const struct postfix_service *service = &doctor->postfix->services[i];
        if (services_is_smtpd(service) && !services_is_internal(doctor, service) &&
            services_is_submission(doctor, service) && services_offers_login(doctor, service))
            look_at(doctor, service);
    }
}

const struct doctor_check doctor_check_mechanisms = {
    .theme = "offer",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "by which mechanisms users may log in",
    DOCTOR_KINDS(kinds),
    .look = look,
};
