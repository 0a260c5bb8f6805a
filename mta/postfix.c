/* A Postfix instance's configuration, as postconf tells it. */
#include "mta/postfix.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mta/program.h"

#define SECONDS 30

static bool ask(struct arena *arena, const struct postfix *postfix, const char *option,
                struct bytes *ret_lines, struct error *error)
{
    const char *argv[6] = {"postconf"};
    size_t count = 1;
    struct program_output output;
    if (postfix->config) {
        argv[count++] = "-c";
        argv[count++] = postfix->config;
    }
    if (option)
        argv[count++] = option;
    if (!program_must_run(arena, argv, SECONDS, &output, error))
        return false;
    *ret_lines = output.out;
    return true;
}

/* The next line without its end; false after the last. */
static bool next_line(struct bytes *rest, struct bytes *ret_line)
{
    if (rest->len == 0)
        return false;
    size_t end = bytes_find(*rest, '\n');
    *ret_line = bytes_slice(*rest, 0, end);
    *rest = bytes_slice(*rest, end + 1, rest->len);
    return true;
}

static size_t count_lines(struct bytes text)
{
    struct bytes line;
    size_t count = 0;
    while (next_line(&text, &line))
        count++;
    return count;
}

/* "name = value"; false for any other line. */
static bool split(struct bytes line, struct bytes *ret_name, struct bytes *ret_value)
{
    size_t equals = bytes_find(line, '=');
    if (equals == line.len)
        return false;
    *ret_name = bytes_trim(bytes_slice(line, 0, equals));
    *ret_value = bytes_trim(bytes_slice(line, equals + 1, line.len));
    return true;
}

static struct postfix_parameter *find_in(struct postfix_parameter *list, size_t count,
                                         struct bytes name)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(bytes_of(list[i].name), name))
            return &list[i];
    return NULL;
}

static bool read_parameters(struct arena *arena, struct postfix *postfix, struct error *error)
{
    struct bytes raw;
    struct bytes expanded;
    struct bytes set;
    struct bytes line;
    struct bytes name;
    struct bytes value;
    if (!ask(arena, postfix, NULL, &raw, error) || !ask(arena, postfix, "-x", &expanded, error) ||
        !ask(arena, postfix, "-n", &set, error))
        return false;
    struct postfix_parameter *list = arena_alloc(arena, (count_lines(raw) + 1) * sizeof *list);
    size_t count = 0;
    while (list && next_line(&raw, &line))
        if (split(line, &name, &value)) {
            list[count].name = arena_text(arena, name);
            list[count].raw = list[count].value = arena_text(arena, value);
            count++;
        }
    /* postconf prints both in one order, but for names that are only known once expanded. */
    size_t at = 0;
    while (list && next_line(&expanded, &line)) {
        if (!split(line, &name, &value))
            continue;
        struct postfix_parameter *found = at < count && bytes_equal(bytes_of(list[at].name), name)
                                              ? &list[at]
                                              : find_in(list, count, name);
        if (!found)
            continue;
        found->value = arena_text(arena, value);
        at = (size_t)(found - list) + 1;
    }
    while (list && next_line(&set, &line)) {
        struct postfix_parameter *found = NULL;
        if (split(line, &name, &value) && (found = find_in(list, count, name)))
            found->is_set = true;
    }
    postfix->parameters = list;
    postfix->parameter_count = count;
    return !arena_failed(arena) || error_set(error, "memory is out");
}

/* "submission/inet/chroot = y": the field behind the second slash. A service's name has no slash in
 * postconf's output that is not its own; the type and the field never have one. */
static struct bytes field_of(struct bytes name, struct bytes *ret_service)
{
    size_t slash = name.len;
    while (slash > 0 && name.data[slash - 1] != '/')
        slash--;
    *ret_service = bytes_slice(name, 0, slash ? slash - 1 : 0);
    return bytes_slice(name, slash, name.len);
}

static void take_field(struct arena *arena, struct postfix_service *service, struct bytes field,
                       struct bytes value)
{
    if (bytes_equal(field, BYTES("service")))
        service->name = arena_text(arena, value);
    else if (bytes_equal(field, BYTES("type")))
        service->type = arena_text(arena, value);
    else if (bytes_equal(field, BYTES("chroot")))
        service->chroot = value.len == 1 && value.data[0] == 'y';
    else if (bytes_equal(field, BYTES("command"))) {
        service->command = arena_text(arena, value);
        service->program = arena_text(arena, bytes_slice(value, 0, bytes_find(value, ' ')));
    }
}

static bool read_services(struct arena *arena, struct postfix *postfix, struct error *error)
{
    struct bytes fields;
    struct bytes line;
    struct bytes name;
    struct bytes value;
    struct bytes service;
    struct bytes before = {0};
    if (!ask(arena, postfix, "-F", &fields, error))
        return false;
    struct postfix_service *list = arena_alloc(arena, (count_lines(fields) + 1) * sizeof *list);
    size_t count = 0;
    while (list && next_line(&fields, &line)) {
        if (!split(line, &name, &value))
            continue;
        struct bytes field = field_of(name, &service);
        if (!bytes_equal(service, before))
            count++;
        before = service;
        take_field(arena, &list[count - 1], field, value);
    }
    postfix->services = list;
    postfix->service_count = count;
    return !arena_failed(arena) || error_set(error, "memory is out");
}

static bool belongs_to(const struct postfix_service *service, struct bytes owner)
{
    size_t len = strlen(service->name);
    return owner.len == len + 1 + strlen(service->type) &&
           memcmp(owner.data, service->name, len) == 0 && owner.data[len] == '/' &&
           memcmp(owner.data + len + 1, service->type, owner.len - len - 1) == 0;
}

static void override(struct arena *arena, struct postfix_service *service, struct bytes name,
                     struct bytes value, bool expanded)
{
    struct postfix_parameter *found = find_in(service->overrides, service->override_count, name);
    if (found && expanded)
        found->value = arena_text(arena, value);
    else if (!found)
        service->overrides[service->override_count++] = (struct postfix_parameter){
            arena_text(arena, name), arena_text(arena, value), arena_text(arena, value), true};
}

static bool read_overrides(struct arena *arena, struct postfix *postfix, struct error *error)
{
    struct bytes lines[2];
    struct bytes line;
    struct bytes name;
    struct bytes value;
    struct bytes owner;
    if (!ask(arena, postfix, "-P", &lines[0], error) ||
        !ask(arena, postfix, "-xP", &lines[1], error))
        return false;
    size_t room = count_lines(lines[0]) + 1;
    for (size_t i = 0; i < postfix->service_count; i++) {
        struct postfix_service *service = &postfix->services[i];
        service->overrides = arena_alloc(arena, room * sizeof *service->overrides);
        for (int expanded = 0; service->overrides && expanded < 2; expanded++) {
            struct bytes rest = lines[expanded];
            while (next_line(&rest, &line))
                if (split(line, &name, &value)) {
                    struct bytes field = field_of(name, &owner);
                    if (belongs_to(service, owner))
                        override(arena, service, field, value, expanded);
                }
        }
    }
    return !arena_failed(arena) || error_set(error, "memory is out");
}

bool postfix_read(struct arena *arena, const char *config, struct postfix *ret_postfix,
                  struct error *error)
{
    *ret_postfix = (struct postfix){.config = config};
    if (!read_parameters(arena, ret_postfix, error) || !read_services(arena, ret_postfix, error) ||
        !read_overrides(arena, ret_postfix, error))
        return false;
    if (!config)
        ret_postfix->config = postfix_value(ret_postfix, "config_directory");
    return true;
}

const struct postfix_parameter *postfix_parameter(const struct postfix *postfix, const char *name)
{
    return find_in(postfix->parameters, postfix->parameter_count, bytes_of(name));
}

const char *postfix_value(const struct postfix *postfix, const char *name)
{
    const struct postfix_parameter *found = postfix_parameter(postfix, name);
    return found ? found->value : "";
}

const struct postfix_parameter *postfix_service_own(const struct postfix_service *service,
                                                    const char *name)
{
    return find_in(service->overrides, service->override_count, bytes_of(name));
}

const struct postfix_parameter *postfix_service_parameter(const struct postfix *postfix,
                                                          const struct postfix_service *service,
                                                          const char *name)
{
    const struct postfix_parameter *own = postfix_service_own(service, name);
    return own ? own : postfix_parameter(postfix, name);
}

const char *postfix_service_value(const struct postfix *postfix,
                                  const struct postfix_service *service, const char *name)
{
    const struct postfix_parameter *found = postfix_service_parameter(postfix, service, name);
    return found ? found->value : "";
}

const struct postfix_service *postfix_service(const struct postfix *postfix, const char *name,
                                              const char *type)
{
    for (size_t i = 0; i < postfix->service_count; i++)
        if (strcmp(postfix->services[i].name, name) == 0 &&
            strcmp(postfix->services[i].type, type) == 0)
            return &postfix->services[i];
    return NULL;
}

const char *postfix_service_variable(struct arena *arena, const struct postfix_service *service,
                                     const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *whole = arena_printf(arena, "submilter_%s_%s", service->name, name);
    char *variable = whole ? arena_text(arena, bytes_of(whole)) : NULL;
    char *out = variable;
    for (const char *at = whole; variable && *at; at++)
        if (strchr(allowed, *at))
            *out++ = *at;
    if (variable)
        *out = '\0';
    return variable;
}

int postfix_service_port(const struct postfix_service *service)
{
    if (strcmp(service->type, "inet") != 0)
        return 0;
    const char *colon = strrchr(service->name, ':');
    const char *port = colon ? colon + 1 : service->name;
    char *end;
    long number = strtol(port, &end, 10);
    if (*port && !*end)
        return number > 0 && number < 65536 ? (int)number : 0;
    struct servent entry;
    struct servent *found = NULL;
    char buffer[4096];
    getservbyname_r(port, "tcp", &entry, buffer, sizeof buffer, &found);
    return found ? ntohs((uint16_t)found->s_port) : 0;
}

bool postfix_says_yes(const char *value)
{
    return strcmp(value, "yes") == 0;
}
