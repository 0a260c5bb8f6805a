/* The changes of main.cf and master.cf, made by postconf(1) on a copy. */
#include <stdio.h>
#include <string.h>

#include "ctl/setup/postfix_parts.h"
#include "ctl/setup/postfix_scratch.h"
#include "mta/endpoint.h"
#include "mta/milters.h"
#include "mta/words.h"

#define OTHERS "submilter_others" /* the milters beside us, for who must not meet us twice */

bool postfix_list_has(struct arena *arena, const char *value, const char *queue_directory,
                      bool chroot, const char *socket)
{
    struct milters milters;
    if (!milters_parse(arena, value, &milters))
        return false;
    for (size_t i = 0; i < milters.count; i++)
        if (milters_same_place(milters.items[i].endpoint, queue_directory, chroot, socket))
            return true;
    return false;
}

bool postfix_asks(const struct postfix *postfix, struct arena *arena, const char *socket)
{
    const char *queue = postfix_value(postfix, "queue_directory");
    const char *local = postfix_value(postfix, "non_smtpd_milters");
    if (postfix_list_has(arena, local, queue, false, socket) ||
        postfix_list_has(arena, local, queue, true, socket))
        return true;
    for (size_t i = 0; i < postfix->service_count; i++) {
        const struct postfix_service *service = &postfix->services[i];
        if (postfix_use_of(postfix, service) != POSTFIX_NO_SMTPD &&
            postfix_list_has(arena, postfix_service_value(postfix, service, "smtpd_milters"), queue,
                             service->chroot, socket))
            return true;
    }
    return false;
}

static bool has_us(const struct postfix_scratch *scratch, const char *value, bool chroot)
{
    return postfix_list_has(scratch->plan->arena, value,
                            postfix_value(scratch->live, "queue_directory"), chroot,
                            scratch->socket);
}

const char *postfix_chain(struct arena *arena, const char *raw)
{
    struct texts words;
    const char *chain = "";
    if (!words_split(arena, raw, &words))
        return NULL;
    for (size_t i = 0; chain && i < words.count; i++) {
        const char *word = words.items[i];
        struct texts parts;
        if (strcmp(word, "none") == 0)
            continue;
        if (*word == '{') {
            const char *inside = words_inside(arena, word);
            if (!inside || !words_split(arena, inside, &parts))
                return NULL;
            word = "{";
            for (size_t j = 0; word && j < parts.count; j++)
                word = arena_printf(arena, "%s%s%s", word, j ? "," : "", parts.items[j]);
            word = word ? arena_printf(arena, "%s}", word) : NULL;
        }
        chain = word ? arena_printf(arena, "%s%s,", chain, word) : NULL;
    }
    return chain ? arena_printf(arena, "%s$submilter", chain) : NULL;
}

static const char *trimmed(struct arena *arena, const char *text)
{
    return arena_text(arena, bytes_trim(bytes_of(text)));
}

/* main.cf's list serves services in a chroot and others. */
static bool main_has_us(const struct postfix_scratch *scratch, const char *name)
{
    const char *value = postfix_value(&scratch->now, name);
    return has_us(scratch, value, false) || has_us(scratch, value, true);
}

/* Who has hooked us in by hand may have left out what happens while we do not answer. */
static void warn_of_open_failure(const struct postfix_scratch *scratch, const char *name)
{
    struct milters milters;
    const char *usual = postfix_value(scratch->live, "milter_default_action");
    const char *queue = postfix_value(scratch->live, "queue_directory");
    if (!milters_parse(scratch->plan->arena, postfix_value(scratch->live, name), &milters))
        return;
    for (size_t i = 0; i < milters.count; i++) {
        const struct milter *milter = &milters.items[i];
        const char *action = milter->default_action ? milter->default_action : usual;
        if ((milters_same_place(milter->endpoint, queue, false, scratch->socket) ||
             milters_same_place(milter->endpoint, queue, true, scratch->socket)) &&
            strcmp(action, "accept") == 0)
            plan_say(scratch->plan, PLAN_WARNING,
                     "%s: while submilter does not answer, mail passes unjudged "
                     "(default_action is accept): write { %s, default_action=tempfail } for it",
                     name, milter->endpoint);
    }
}

/* What $submilter stands for; a definition of the admin's that names our socket stays. */
static bool define_us(struct postfix_scratch *scratch, struct error *error)
{
    const struct postfix_parameter *set = postfix_parameter(&scratch->now, "submilter");
    if (set && (has_us(scratch, set->value, false) || has_us(scratch, set->value, true)))
        return true;
    return postfix_scratch_set(scratch, "-e",
                               arena_printf(scratch->plan->arena,
                                            "submilter = { %s, default_action=tempfail }",
                                            scratch->endpoint),
                               error);
}

/* main.cf: behind what is there, which stays as it is written. */
static bool chain_main(struct postfix_scratch *scratch, const char *name, struct error *error)
{
    struct arena *arena = scratch->plan->arena;
    warn_of_open_failure(scratch, name);
    if (main_has_us(scratch, name))
        return true;
    if (!define_us(scratch, error))
        return false;
    const char *raw = postfix_parameter(&scratch->now, name)->raw;
    raw = trimmed(arena, strcmp(raw, "none") == 0 ? "" : raw);
    size_t len = raw ? strlen(raw) : 0;
    const char *comma = len && raw[len - 1] != ',' ? "," : "";
    return postfix_scratch_set(
        scratch, "-e",
        arena_printf(arena, "%s = %s%s%s$submilter", name, raw ? raw : "", comma, len ? " " : ""),
        error);
}

static bool set_service(struct postfix_scratch *scratch, const struct postfix_service *service,
                        const char *value, struct error *error)
{
    return postfix_scratch_set(scratch, "-P",
                               arena_printf(scratch->plan->arena, "%s/%s/smtpd_milters=%s",
                                            service->name, service->type, value ? value : ""),
                               error);
}

/* A service that gets mail back from a filter inherits main.cf's list: all of it but us. */
static bool leave_out(struct postfix_scratch *scratch, const struct postfix_service *service,
                      struct error *error)
{
    struct arena *arena = scratch->plan->arena;
    const struct postfix_parameter *before = postfix_parameter(scratch->live, "smtpd_milters");
    const char *raw = trimmed(arena, before->raw);
    plan_say(scratch->plan, PLAN_NOTE,
             "%s (%s) takes mail back from a content filter: it was judged before and does not "
             "meet submilter again",
             service->name, service->type);
    if (!raw || !*raw)
        return set_service(scratch, service, "", error);
    return postfix_scratch_set(scratch, "-e", arena_printf(arena, "%s = %s", OTHERS, raw), error) &&
           set_service(scratch, service, "$" OTHERS, error);
}

/* postconf -P takes no value with blanks: that goes through a name in main.cf. */
static bool chain_service(struct postfix_scratch *scratch, const struct postfix_service *service,
                          struct error *error)
{
    struct arena *arena = scratch->plan->arena;
    const char *raw = postfix_service_parameter(&scratch->now, service, "smtpd_milters")->raw;
    const char *chain = postfix_chain(arena, raw);
    if (!define_us(scratch, error))
        return false;
    if (!chain || !strpbrk(chain, " \t"))
        return chain ? set_service(scratch, service, chain, error)
                     : error_set(error, "memory is out");
    const char *variable = postfix_service_variable(arena, service, "smtpd_milters");
    return postfix_scratch_set(scratch, "-e",
                               arena_printf(arena, "%s = %s, $submilter", variable, raw), error) &&
           set_service(scratch, service, arena_printf(arena, "$%s", variable), error);
}

/* Only this host gets there, and no filter is seen that it could be for. */
static void say_it_asks(const struct postfix_scratch *scratch,
                        const struct postfix_service *service, enum postfix_use use)
{
    int port = postfix_service_port(service);
    if (!postfix_is_on_loopback(service) || port == 25 || port == 465 || port == 587)
        return;
    plan_say(scratch->plan, PLAN_WARNING,
             "%s (%s) listens for this host only, and Postfix names no content filter that hands "
             "mail back there: it asks submilter, as %s. If it is a filter's way back, give it -o "
             "smtpd_milters= and -o receive_override_options=no_milters and -o mynetworks=127.0.0.0"
             "/8",
             service->name, service->type,
             use == POSTFIX_SUBMISSION ? "a service where users log in"
                                       : "what this host's programs send");
}

static bool edit_service(struct postfix_scratch *scratch, const char *name, const char *type,
                         struct error *error)
{
    const struct postfix_service *service = postfix_service(&scratch->now, name, type);
    enum postfix_use use = postfix_use_of(&scratch->now, service);
    const char *value = postfix_service_value(&scratch->now, service, "smtpd_milters");
    bool own = postfix_service_own(service, "smtpd_milters") != NULL;
    bool has = has_us(scratch, value, service->chroot);
    if (use == POSTFIX_NO_SMTPD)
        return true;
    if (postfix_asks_no_milters(&scratch->now, service)) {
        plan_say(scratch->plan, use == POSTFIX_SUBMISSION ? PLAN_WARNING : PLAN_NOTE,
                 "%s (%s) asks no milters (receive_override_options=no_milters): its mail is not "
                 "judged",
                 name, type);
        return true;
    }
    if (use == POSTFIX_REINJECTION)
        return own || !has || leave_out(scratch, service, error);
    if (!has && !*value && use == POSTFIX_MX) {
        plan_say(scratch->plan, PLAN_NOTE,
                 "%s (%s) has its smtpd_milters set to nothing: it stays so, and its mail is not "
                 "judged",
                 name, type);
        return true;
    }
    say_it_asks(scratch, service, use);
    return has || chain_service(scratch, service, error);
}

/* Two relative paths of one name would be one folder: where the socket is outside the queue, a
 * service in a chroot cannot reach it. */
static bool check_reach(const struct postfix_scratch *scratch, struct error *error)
{
    const char *queue = postfix_value(scratch->live, "queue_directory");
    const char *path = endpoint_path(scratch->socket);
    size_t len = strlen(queue);
    if (!path || (strncmp(path, queue, len) == 0 && path[len] == '/'))
        return true;
    for (size_t i = 0; i < scratch->live->service_count; i++) {
        const struct postfix_service *service = &scratch->live->services[i];
        bool asks = postfix_use_of(scratch->live, service) != POSTFIX_NO_SMTPD ||
                    (service->program && strcmp(service->program, "cleanup") == 0);
        if (asks && service->chroot)
            return error_set(error,
                             "%s/%s runs in a chroot, %s, and cannot reach the socket %s: put it "
                             "below that folder (socket in submilter.conf, or --socket)",
                             service->name, service->type, queue, scratch->socket);
    }
    return true;
}

static bool edit_all(struct postfix_scratch *scratch, struct error *error)
{
    /* Set to another socket it may stand in lists already. */
    if (postfix_parameter(&scratch->now, "submilter") && !define_us(scratch, error))
        return false;
    if (!chain_main(scratch, "smtpd_milters", error) ||
        !chain_main(scratch, "non_smtpd_milters", error))
        return false;
    for (size_t i = 0; i < scratch->live->service_count; i++)
        if (!edit_service(scratch, scratch->live->services[i].name, scratch->live->services[i].type,
                          error))
            return false;
    return true;
}

bool postfix_edit(const struct postfix *postfix, const char *socket, const char *endpoint,
                  struct plan *plan, struct error *error)
{
    struct postfix_scratch scratch = {
        .live = postfix, .socket = socket, .endpoint = endpoint, .plan = plan};
    bool good = check_reach(&scratch, error) && postfix_scratch_open(&scratch, error) &&
                edit_all(&scratch, error) && postfix_edit_holds(&scratch, error) &&
                postfix_scratch_take_over(&scratch, error);
    postfix_scratch_close(&scratch);
    return good;
}
