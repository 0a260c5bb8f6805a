/* Telling Postfix's services apart. */
#include "mta/postfix_use.h"

#include <string.h>

bool postfix_is_on_loopback(const struct postfix_service *service)
{
    static const char *const hosts[] = {"127.", "localhost:", "[127.", "[::1]:", "::1:"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strncmp(service->name, hosts[i], strlen(hosts[i])) == 0)
            return true;
    return false;
}

bool postfix_takes_logins(const struct postfix *postfix, const struct postfix_service *service)
{
    return postfix_says_yes(postfix_service_value(postfix, service, "smtpd_sasl_auth_enable"));
}

bool postfix_asks_no_milters(const struct postfix *postfix, const struct postfix_service *service)
{
    return strstr(postfix_service_value(postfix, service, "receive_override_options"),
                  "no_milters") != NULL;
}

static const char *const filters[] = {"content_filter", "smtpd_proxy_filter"};
#define FILTERS (sizeof filters / sizeof *filters)

static bool has_filter(const struct postfix *postfix, const struct postfix_service *service)
{
    for (size_t i = 0; i < FILTERS; i++)
        if (*postfix_service_value(postfix, service, filters[i]))
            return true;
    return false;
}

static bool has_filter_anywhere(const struct postfix *postfix)
{
    for (size_t i = 0; i < postfix->service_count; i++)
        if (has_filter(postfix, &postfix->services[i]))
            return true;
    return false;
}

/* A filter hands mail back where no filter is asked again. That a service listens on loopback says
 * nothing by itself: a web application's way in does so too. */
static bool is_reinjection(const struct postfix *postfix, const struct postfix_service *service,
                           int port)
{
    const struct postfix_parameter *filter = postfix_service_own(service, "content_filter");
    const struct postfix_parameter *login = postfix_service_own(service, "smtpd_sasl_auth_enable");
    bool own_networks = postfix_service_own(service, "mynetworks") != NULL;
    if (port == 25 || port == 465 || port == 587 || (login && postfix_says_yes(login->value)) ||
        has_filter(postfix, service))
        return false;
    if (own_networks && (filter || postfix_asks_no_milters(postfix, service)))
        return true;
    return has_filter_anywhere(postfix) && (filter || postfix_is_on_loopback(service));
}

/* "permit_mynetworks, reject", and no login between. */
static bool lets_mynetworks_only(const char *list)
{
    const char *networks = strstr(list, "permit_mynetworks");
    const char *login = strstr(list, "permit_sasl_authenticated");
    const char *end = list;
    while ((end = strstr(end, "reject")) != NULL) {
        bool begins = end == list || strchr(", \t", end[-1]);
        bool ends = strchr(", \t", end[6]) != NULL;
        if (begins && ends)
            break;
        end += 6;
    }
    return networks && end && networks < end && !(login && login < end);
}

/* Its own restrictions let nobody in for having logged in, so that main.cf's
 * smtpd_sasl_auth_enable says nothing of it. */
static bool lets_this_host_only(const struct postfix_service *service)
{
    static const char *const lists[] = {"smtpd_client_restrictions", "smtpd_recipient_restrictions",
                                        "smtpd_relay_restrictions"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct postfix_parameter *own = postfix_service_own(service, lists[i]);
        if (own && lets_mynetworks_only(own->value))
            return postfix_is_on_loopback(service);
    }
    return false;
}

enum postfix_use postfix_use_of(const struct postfix *postfix,
                                const struct postfix_service *service)
{
    const char *slash = service->program ? strrchr(service->program, '/') : NULL;
    const char *program = slash ? slash + 1 : service->program;
    if (!program || strcmp(program, "smtpd") != 0)
        return POSTFIX_NO_SMTPD;
    if (strcmp(service->type, "inet") != 0)
        return POSTFIX_MX; /* "pass": behind postscreen */
    int port = postfix_service_port(service);
    if (port == 465 || port == 587 ||
        postfix_says_yes(postfix_service_value(postfix, service, "smtpd_tls_wrappermode")))
        return POSTFIX_SUBMISSION;
    if (is_reinjection(postfix, service, port))
        return POSTFIX_REINJECTION;
    bool users = port != 25 && postfix_takes_logins(postfix, service);
    return users && !lets_this_host_only(service) ? POSTFIX_SUBMISSION : POSTFIX_MX;
}
