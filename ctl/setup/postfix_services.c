/* What Postfix's services are for, and who may relay. */
#include <stdio.h>
#include <string.h>

#include "conf/cidr.h"
#include "ctl/setup/postfix_parts.h"
#include "mta/words.h"

bool postfix_has_logins(const struct postfix *postfix)
{
    for (size_t i = 0; i < postfix->service_count; i++) {
        enum postfix_use use = postfix_use_of(postfix, &postfix->services[i]);
        if ((use == POSTFIX_MX || use == POSTFIX_SUBMISSION) &&
            postfix_takes_logins(postfix, &postfix->services[i]))
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

bool postfix_networks(const struct postfix *postfix, struct plan *plan, struct texts *ret_own,
                      struct texts *ret_others)
{
    struct texts words;
    struct arena *arena = plan->arena;
    const struct postfix_parameter *set = postfix_parameter(postfix, "mynetworks");
    /* Postfix's own choice; below compatibility_level 2 that is the whole subnet. */
    bool all_own =
        set && !set->is_set && strcmp(postfix_value(postfix, "mynetworks_style"), "host") == 0;
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
        else if (cidr_is_loopback(&network))
            continue;
        else if (all_own)
            own[ret_own->count++] = text;
        else
            others[ret_others->count++] = text;
    }
    return !arena_failed(arena);
}
