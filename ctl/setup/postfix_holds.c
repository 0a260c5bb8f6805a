/* Whether the edited copy of main.cf and master.cf is what was meant. */
#include <string.h>

#include "ctl/setup/postfix_parts.h"

static const char *const lists[] = {"smtpd_milters", "non_smtpd_milters"};

/* What an edit may change: the lists of milters, and names of our own. */
static bool is_ours_to_change(const char *name)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strcmp(name, lists[i]) == 0)
            return true;
    return strcmp(name, "submilter") == 0 || strncmp(name, "submilter_", 10) == 0;
}

static bool is_same(const struct postfix_parameter *a, const struct postfix_parameter *b)
{
    return a && b && a->is_set == b->is_set && strcmp(a->raw, b->raw) == 0;
}

static bool say_changed(const struct postfix_scratch *scratch, const char *where, const char *name,
                        struct error *error)
{
    return error_set(error,
                     "%s/%s: adding submilter would change %s too, which it must not: mend the "
                     "line of %s and the one in front of it by hand, and run this again",
                     scratch->live->config, where, name, name);
}

static bool main_is_same(const struct postfix_scratch *scratch, struct error *error)
{
    const struct postfix *sides[] = {scratch->live, &scratch->now};
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < sides[side]->parameter_count; i++) {
            const struct postfix_parameter *one = &sides[side]->parameters[i];
            /* postconf counts the folder that it was told of as set */
            if (!one->is_set || is_ours_to_change(one->name) ||
                strcmp(one->name, "config_directory") == 0)
                continue;
            if (!is_same(one, postfix_parameter(sides[1 - side], one->name)))
                return say_changed(scratch, "main.cf", one->name, error);
        }
    return true;
}

static bool master_is_same(const struct postfix_scratch *scratch, struct error *error)
{
    const struct postfix *sides[] = {scratch->live, &scratch->now};
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < sides[side]->service_count; i++) {
            const struct postfix_service *one = &sides[side]->services[i];
            const struct postfix_service *other =
                postfix_service(sides[1 - side], one->name, one->type);
            if (!other || one->chroot != other->chroot)
                return say_changed(scratch, "master.cf", one->name, error);
            for (size_t j = 0; j < one->override_count; j++)
                if (!is_ours_to_change(one->overrides[j].name) &&
                    !is_same(&one->overrides[j],
                             postfix_service_own(other, one->overrides[j].name)))
                    return say_changed(scratch, "master.cf", one->overrides[j].name, error);
        }
    return true;
}

static bool has_us(const struct postfix_scratch *scratch, const char *value, bool chroot)
{
    return postfix_list_has(scratch->plan->arena, value,
                            postfix_value(&scratch->now, "queue_directory"), chroot,
                            scratch->socket);
}

static bool say_not_asked(const struct postfix_scratch *scratch, const char *where,
                          const char *value, struct error *error)
{
    return error_set(error,
                     "%s: %s would not ask submilter: its list of milters would be \"%.300s\". "
                     "Write %s into it by hand, and run this again",
                     scratch->live->config, where, value, scratch->endpoint);
}

/* A service whose list an admin has set to nothing stays so, as does one that asks no milters. */
static bool is_meant_to_ask(const struct postfix_scratch *scratch,
                            const struct postfix_service *service, const char *before)
{
    enum postfix_use use = postfix_use_of(&scratch->now, service);
    if (use == POSTFIX_NO_SMTPD || use == POSTFIX_REINJECTION ||
        postfix_asks_no_milters(&scratch->now, service))
        return false;
    return use == POSTFIX_SUBMISSION || !postfix_service_own(service, lists[0]) || *before;
}

bool postfix_edit_holds(const struct postfix_scratch *scratch, struct error *error)
{
    const struct postfix *now = &scratch->now;
    if (!main_is_same(scratch, error) || !master_is_same(scratch, error))
        return false;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *value = postfix_value(now, lists[i]);
        if (!has_us(scratch, value, false) && !has_us(scratch, value, true))
            return say_not_asked(scratch, lists[i], value, error);
    }
    for (size_t i = 0; i < now->service_count; i++) {
        const struct postfix_service *service = &now->services[i];
        const struct postfix_service *before =
            postfix_service(scratch->live, service->name, service->type);
        const char *value = postfix_service_value(now, service, lists[0]);
        const char *old = before ? postfix_service_value(scratch->live, before, lists[0]) : "";
        if (is_meant_to_ask(scratch, service, old) && !has_us(scratch, value, service->chroot))
            return say_not_asked(scratch, service->name, value, error);
    }
    return true;
}
