/* What Postfix's services are for, and who may relay. */
#include <stdio.h>
#include <string.h>

#include "conf/cidr.h"
#include "ctl/setup/postfix_parts.h"
#include "mta/words.h"

static const struct postfix_parameter *own_option(const struct postfix_service *service,
                                                  const char *name)
{
    for (size_t i = 0; i < service->override_count; i++)
        if (strcmp(service->overrides[i].name, name) == 0)
            return &service->overrides[i];
    return NULL;
}

static bool is_on_loopback(const struct postfix_service *service)
{
    static const char *const hosts[] = {"127.", "localhost:", "[::1]:", "::1:"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strncmp(service->name, hosts[i], strlen(hosts[i])) == 0)
            return true;
    return false;
}

static bool takes_logins(const struct postfix *postfix, const struct postfix_service *service)
{
    return postfix_says_yes(postfix_service_value(postfix, service, "smtpd_sasl_auth_enable"));
}

/* A filter hands mail back where no filter is asked again, or on a port of loopback that is no
 * user's. */
static bool is_reinjection(const struct postfix *postfix, const struct postfix_service *service,
                           int port)
{
    const struct postfix_parameter *filter = own_option(service, "content_filter");
    const struct postfix_parameter *login = own_option(service, "smtpd_sasl_auth_enable");
    if (port == 25 || port == 465 || port == 587 || (login && postfix_says_yes(login->value)))
        return false;
    bool ends_filter =
        filter && *filter->value == '\0' && *postfix_value(postfix, "content_filter") != '\0';
    bool own_networks = own_option(service, "mynetworks") != NULL;
    return is_on_loopback(service) || ends_filter || (filter && own_networks);
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
    if (port == 465 || port == 587)
        return POSTFIX_SUBMISSION;
    if (is_reinjection(postfix, service, port))
        return POSTFIX_REINJECTION;
    return port != 25 && takes_logins(postfix, service) ? POSTFIX_SUBMISSION : POSTFIX_MX;
}

bool postfix_has_logins(const struct postfix *postfix)
{
    for (size_t i = 0; i < postfix->service_count; i++) {
        enum postfix_use use = postfix_use_of(postfix, &postfix->services[i]);
        if ((use == POSTFIX_MX || use == POSTFIX_SUBMISSION) &&
            takes_logins(postfix, &postfix->services[i]))
            return true;
    }
    return false;
}

bool postfix_submission_ports(struct arena *arena, const struct postfix *postfix,
                              struct texts *ret_ports)
{
    const char **items = arena_alloc(arena, (postfix->service_count + 1) * sizeof *items);
    *ret_ports = (struct texts){items, 0};
    for (size_t i = 0; items && i < postfix->service_count; i++) {
        const struct postfix_service *service = &postfix->services[i];
        if (postfix_use_of(postfix, service) != POSTFIX_SUBMISSION)
            continue;
        const char *port = arena_printf(arena, "%d", postfix_service_port(service));
        if (port && strcmp(port, "0") != 0 && !texts_have(ret_ports, bytes_of(port)))
            items[ret_ports->count++] = port;
    }
    return !arena_failed(arena);
}

/* "[::1]/128" -> "::1/128" */
static const char *without_brackets(struct arena *arena, const char *network)
{
    const char *end = strchr(network, ']');
    if (*network != '[' || !end)
        return network;
    return arena_printf(arena, "%.*s%s", (int)(end - network - 1), network + 1, end + 1);
}

static bool is_loopback(const struct cidr *network)
{
    static const struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
    struct cidr v4;
    struct error error;
    return (network->bits == 128 && memcmp(&network->address, &v6, sizeof v6) == 0) ||
           (cidr_read("127.0.0.0/8", &v4, &error) && network->bits >= v4.bits &&
            cidr_holds(&v4, &network->address));
}

bool postfix_networks(const struct postfix *postfix, struct plan *plan, struct texts *ret_own,
                      struct texts *ret_others)
{
    struct texts words;
    struct arena *arena = plan->arena;
    const struct postfix_parameter *set = postfix_parameter(postfix, "mynetworks");
    const struct postfix_parameter *style = postfix_parameter(postfix, "mynetworks_style");
    /* Postfix's own choice is this host's own addresses. */
    bool all_own = set && !set->is_set && (!style || !style->is_set);
    if (!words_split(arena, set ? set->value : "", &words))
        return false;
    const char **own = arena_alloc(arena, (words.count + 2) * sizeof *own);
    const char **others = arena_alloc(arena, (words.count + 1) * sizeof *others);
    *ret_own = (struct texts){own, 0};
    *ret_others = (struct texts){others, 0};
    if (!own || !others)
        return false;
    own[ret_own->count++] = "127.0.0.0/8";
    own[ret_own->count++] = "::1/128";
    for (size_t i = 0; i < words.count; i++) {
        struct cidr network;
        struct error error;
        const char *text = without_brackets(arena, words.items[i]);
        if (!text)
            return false;
        if (!cidr_read(text, &network, &error))
            plan_say(plan, PLAN_WARNING,
                     "mynetworks: %s is no network that a listener of submilter.conf can name: see "
                     "that the clients behind it get a listener of their own (submilter.conf(5), "
                     "LISTENERS)",
                     words.items[i]);
        else if (is_loopback(&network))
            continue;
        else if (all_own)
            own[ret_own->count++] = text;
        else
            others[ret_others->count++] = text;
    }
    return !arena_failed(arena);
}
