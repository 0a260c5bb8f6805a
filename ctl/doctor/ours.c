/* Finding submilter among Postfix's milters, and writing the list anew with it mended. */
#include "ctl/doctor/ours.h"

#include <stdio.h>
#include <string.h>

#include "mta/endpoint.h"
#include "mta/words.h"

static bool is_ours(struct doctor *doctor, const struct milter *milter, bool chroot)
{
    const char *socket = doctor->settings->socket;
    if (strncmp(socket, "fd:", 3) == 0)
        return strstr(milter->endpoint, "submilter") != NULL;
    return milters_same_place(milter->endpoint, postfix_value(doctor->postfix, "queue_directory"),
                              chroot, socket);
}

static bool fill_place(struct doctor *doctor, const struct postfix_service *service,
                       const char *parameter, struct ours_place *place)
{
    *place = (struct ours_place){.service = service, .parameter = parameter};
    place->set = postfix_service_parameter(doctor->postfix, service, parameter);
    place->is_override = postfix_service_own(service, parameter) != NULL;
    place->where = place->is_override ? arena_printf(doctor->arena, "%s/%s: %s", service->name,
                                                     service->type, parameter)
                                      : arena_printf(doctor->arena, "main.cf: %s", parameter);
    if (!place->set || !milters_parse(doctor->arena, place->set->value, &place->milters))
        return false;
    while (place->index < place->milters.count &&
           !is_ours(doctor, &place->milters.items[place->index], service->chroot))
        place->index++;
    return place->where != NULL;
}

/* The cleanup that takes mail from pickup. */
static const struct postfix_service *local_cleanup(const struct postfix *postfix)
{
    for (size_t i = 0; i < postfix->service_count; i++)
        if (postfix->services[i].program && strcmp(postfix->services[i].program, "pickup") == 0)
            return postfix_service(
                postfix,
                postfix_service_value(postfix, &postfix->services[i], "cleanup_service_name"),
                "unix");
    return NULL;
}

bool ours_find(struct doctor *doctor, struct ours_places *ret_places)
{
    const struct postfix *postfix = doctor->postfix;
    struct ours_place *items =
        arena_alloc(doctor->arena, (postfix->service_count + 1) * sizeof *items);
    size_t count = 0;
    if (!doctor->settings || !items)
        return false;
    for (size_t i = 0; i < postfix->service_count; i++)
        if (postfix->services[i].program && strcmp(postfix->services[i].program, "smtpd") == 0 &&
            !fill_place(doctor, &postfix->services[i], "smtpd_milters", &items[count++]))
            return false;
    const struct postfix_service *cleanup = local_cleanup(postfix);
    if (cleanup && !fill_place(doctor, cleanup, "non_smtpd_milters", &items[count++]))
        return false;
    *ret_places = (struct ours_places){items, count};
    return true;
}

bool ours_is_asked(const struct ours_place *place)
{
    return place->index < place->milters.count;
}

const struct milter *ours_milter(const struct ours_place *place)
{
    return &place->milters.items[place->index];
}

/* Whether a part of a milter's braces ("connect_timeout=5s") sets the attribute. */
static const char *value_in(const char *part, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(part, name, len) != 0)
        return NULL;
    part += len + strspn(part + len, " \t");
    return *part == '=' ? part + 1 + strspn(part + 1, " \t") : NULL;
}

static bool parts_of(struct doctor *doctor, const struct milter *milter, struct texts *ret_parts)
{
    const char *inside = words_inside(doctor->arena, milter->written);
    return inside && words_split(doctor->arena, inside, ret_parts);
}

const char *ours_attribute(struct doctor *doctor, const struct milter *milter, const char *name)
{
    struct texts parts;
    const char *found = NULL;
    if (!parts_of(doctor, milter, &parts))
        return NULL;
    for (size_t i = 1; i < parts.count; i++) {
        const char *part = words_inside(doctor->arena, parts.items[i]);
        const char *value = part ? value_in(part, name) : NULL;
        if (value)
            found = value;
    }
    return found;
}

static const char *append(struct doctor *doctor, const char *list, const char *word)
{
    const char *longer =
        arena_printf(doctor->arena, "%s%s%s", list, *list && *word ? ", " : "", word);
    return longer ? longer : "";
}

struct mend ours_mend_attribute(struct doctor *doctor, const struct ours_place *place,
                                const char *name, const char *value)
{
    struct texts parts = {0};
    if (!parts_of(doctor, ours_milter(place), &parts))
        return mend_sentence(doctor, "memory is out");
    const char *entry = "";
    for (size_t i = 0; i < parts.count; i++) {
        const char *part = words_inside(doctor->arena, parts.items[i]);
        if (i == 0 || (part && !value_in(part, name)))
            entry = append(doctor, entry, parts.items[i]);
    }
    entry = append(doctor, entry, arena_printf(doctor->arena, "%s=%s", name, value));
    entry = arena_printf(doctor->arena, "{ %s }", entry);
    return ours_mend_list(doctor, place,
                          ours_list_with(doctor, place, place->index, entry ? entry : ""));
}

/* "$name", "${name}" or "$(name)" and nothing beside: main.cf's parameter of that name, else NULL.
 */
static const char *variable_of(struct doctor *doctor, const char *raw)
{
    size_t len = strlen(raw);
    if (len < 2 || raw[0] != '$')
        return NULL;
    bool bracketed = raw[1] == '{' || raw[1] == '(';
    struct bytes name = {raw + 1 + bracketed, len - 1 - 2 * (size_t)bracketed};
    for (size_t i = 0; i < name.len; i++)
        if (strchr(" ,${}()?:", name.data[i]))
            return NULL;
    return arena_text(doctor->arena, name);
}

struct mend ours_mend_list(struct doctor *doctor, const struct ours_place *place, const char *value)
{
    const char *variable = variable_of(doctor, place->set->raw);
    return variable ? mend_main_cf(doctor, variable, value)
                    : mend_where_set(doctor, place->service, place->parameter, value);
}

const char *ours_list_with(struct doctor *doctor, const struct ours_place *place, size_t index,
                           const char *entry)
{
    const char *list = "";
    for (size_t i = 0; i < place->milters.count; i++)
        list = append(doctor, list, i == index ? entry : place->milters.items[i].written);
    return index < place->milters.count ? list : append(doctor, list, entry);
}

size_t ours_misnamed(const struct ours_place *place)
{
    size_t i = 0;
    if (ours_is_asked(place))
        return place->milters.count;
    while (i < place->milters.count && !strstr(place->milters.items[i].endpoint, "submilter"))
        i++;
    return i;
}

const char *ours_entry(struct doctor *doctor)
{
    if (!doctor->settings)
        return NULL;
    const char *queue = postfix_value(doctor->postfix, "queue_directory");
    const char *endpoint = endpoint_for_postfix(doctor->arena, doctor->settings->socket, queue);
    return endpoint ? arena_printf(doctor->arena, "{ %s, default_action=tempfail }", endpoint)
                    : NULL;
}
