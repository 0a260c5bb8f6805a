/* Telling smtpd services apart by what they allow. */
#include "ctl/doctor/services.h"

#include <string.h>

#include "ctl/doctor/mend.h"
#include "mta/words.h"

bool services_is_smtpd(const struct postfix_service *service)
{
    return service->program && strcmp(service->program, "smtpd") == 0;
}

bool services_overrides(const struct postfix_service *service, const char *parameter)
{
    for (size_t i = 0; i < service->override_count; i++)
        if (strcmp(service->overrides[i].name, parameter) == 0)
            return true;
    return false;
}

bool services_list_has(struct doctor *doctor, const char *list, const char *word)
{
    struct texts words;
    return words_split(doctor->arena, list, &words) && texts_have(&words, bytes_of(word));
}

const char *services_list_without(struct doctor *doctor, const char *list, const char *word)
{
    struct texts words;
    const char *rest = "";
    if (!words_split(doctor->arena, list, &words))
        return rest;
    for (size_t i = 0; i < words.count; i++)
        if (strcmp(words.items[i], word) != 0) {
            rest = arena_printf(doctor->arena, "%s%s%s", rest, *rest ? "," : "", words.items[i]);
            if (!rest)
                return "";
        }
    return rest;
}

const char *services_host(struct doctor *doctor, const struct postfix_service *service)
{
    const char *colon = strrchr(service->name, ':');
    struct bytes host = {service->name, colon ? (size_t)(colon - service->name) : 0};
    if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
        host = bytes_slice(host, 1, host.len - 1);
    if (!host.len) {
        struct texts all;
        if (!words_split(doctor->arena, postfix_value(doctor->postfix, "inet_interfaces"), &all) ||
            !all.count || texts_have(&all, BYTES("all")) ||
            texts_have(&all, BYTES("loopback-only")) || texts_have(&all, BYTES("localhost")))
            return "127.0.0.1";
        return all.items[0];
    }
    if (bytes_equal_nocase(host, BYTES("localhost")) || bytes_equal(host, BYTES("0.0.0.0")))
        return "127.0.0.1";
    return arena_text(doctor->arena, host);
}

static bool is_loopback_only(const struct postfix_service *service)
{
    return strncmp(service->name, "127.", 4) == 0 ||
           strncmp(service->name, "localhost:", 10) == 0 ||
           strncmp(service->name, "[::1]:", 6) == 0;
}

/* "permit_mynetworks, reject" and no login between. */
static bool lets_mynetworks_only(struct doctor *doctor, const char *list)
{
    struct texts words;
    bool networks = false;
    if (!words_split(doctor->arena, list, &words))
        return false;
    for (size_t i = 0; i < words.count; i++) {
        if (strcmp(words.items[i], "permit_mynetworks") == 0)
            networks = true;
        else if (strcmp(words.items[i], "reject") == 0)
            return networks;
        else if (strcmp(words.items[i], "permit_sasl_authenticated") == 0)
            return false;
    }
    return false;
}

bool services_is_internal(struct doctor *doctor, const struct postfix_service *service)
{
    static const char *const lists[] = {"smtpd_client_restrictions", "smtpd_recipient_restrictions",
                                        "smtpd_relay_restrictions"};
    if (!is_loopback_only(service))
        return false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (services_overrides(service, lists[i]) &&
            lets_mynetworks_only(doctor, postfix_service_value(doctor->postfix, service, lists[i])))
            return true;
    return false;
}

bool services_offers_login(struct doctor *doctor, const struct postfix_service *service)
{
    return postfix_says_yes(
        postfix_service_value(doctor->postfix, service, "smtpd_sasl_auth_enable"));
}

bool services_wraps_tls(struct doctor *doctor, const struct postfix_service *service)
{
    return postfix_says_yes(
        postfix_service_value(doctor->postfix, service, "smtpd_tls_wrappermode"));
}

bool services_is_submission(struct doctor *doctor, const struct postfix_service *service)
{
    int port = postfix_service_port(service);
    if (!services_is_smtpd(service) || !port || services_is_internal(doctor, service))
        return false;
    return port == 465 || port == 587 || services_wraps_tls(doctor, service) ||
           (port != 25 && services_offers_login(doctor, service));
}

const char *services_tls_level(struct doctor *doctor, const struct postfix_service *service)
{
    const struct postfix *postfix = doctor->postfix;
    const char *level = postfix_service_value(postfix, service, "smtpd_tls_security_level");
    if (*level)
        return level;
    if (postfix_says_yes(postfix_service_value(postfix, service, "smtpd_enforce_tls")))
        return "encrypt";
    return postfix_says_yes(postfix_service_value(postfix, service, "smtpd_use_tls")) ? "may"
                                                                                      : "none";
}

const char *services_name(struct doctor *doctor, const struct postfix_service *service)
{
    const char *name = arena_printf(doctor->arena, "%s/%s", service->name, service->type);
    return name ? name : service->name;
}
