/* One DKIM_LIB for each way of signing, with everything in it that does not change by message. */
#include "dkim/signing_profile.h"

#include <resolv.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dkim/lend.h"
#include "dkim/memory.h"

#define MOST_NAMES 200
#define MOST_OVERSIGN_TEXT                                                                         \
    ((size_t)2000) /* leaves as much again in h= for the fields themselves                         \
                    */

/* The library writes the list of oversigned names as it is given, and signs what it is fed. So that
 * a name is never oversigned and its field left unsigned (no verifier would agree), everything that
 * is oversigned is signed. Its own choice by DKIM_OPTS_SIGNHDRS goes by a regular expression of at
 * most a kilobyte, and aborts when memory for matching is out. */
bool signing_profile_signs(const struct signing_profile *profile, struct bytes name)
{
    for (size_t i = 0; i < profile->field_count; i++)
        if (bytes_equal_nocase(profile->fields[i], name))
            return true;
    return false;
}

static bool is_field_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == ':' || name.data[i] == ';')
            return false;
    return name.len > 0 && name.len <= 76;
}

static bool add_name(struct signing_profile *profile, const char *text, struct error *error)
{
    struct bytes name = bytes_of(text);
    if (!is_field_name(name))
        return error_set(error, "\"%.100s\" cannot be signed: it is no header field's name", text);
    if (signing_profile_signs(profile, name))
        return true;
    if (profile->field_count == MOST_NAMES)
        return error_set(error, "more than %d header fields to sign are named", MOST_NAMES);
    name = arena_bytes(profile->arena, name);
    if (!name.data)
        return error_set(error, "memory is out");
    profile->fields[profile->field_count++] = name;
    return true;
}

static bool add_names(struct signing_profile *profile, const struct texts *names,
                      struct error *error)
{
    for (size_t i = 0; i < names->count; i++)
        if (!add_name(profile, names->items[i], error))
            return false;
    return true;
}

static bool set_option(DKIM_LIB *lib, dkim_opts_t option, void *value, size_t size,
                       struct error *error)
{
    DKIM_STAT status = dkim_options(lib, DKIM_OP_SETOPT, option, value, size);
    return status == DKIM_STAT_OK
               ? true
               : error_set(error, "libopendkim refuses an option: %s", dkim_getresultstr(status));
}

/* Each name once: twice in h= would be two fields that must not be there. */
static const char **distinct_names(struct signing_profile *profile, const struct texts *names)
{
    const char **list = arena_alloc(profile->arena, (names->count + 1) * sizeof *list);
    size_t count = 0;
    for (size_t i = 0; list && i < names->count; i++) {
        struct texts so_far = {list, count};
        if (texts_have(&so_far, bytes_of(names->items[i])))
            continue;
        list[count] = arena_text(profile->arena, bytes_of(names->items[i]));
        if (!list[count++])
            return NULL;
        profile->oversign_len += 1 + bytes_of(names->items[i]).len;
    }
    profile->oversign = list;
    profile->oversign_count = count;
    return list;
}

static bool set_oversign(struct signing_profile *profile, const struct texts *names,
                         struct error *error)
{
    const char **list = distinct_names(profile, names);
    if (!list)
        return error_set(error, "memory is out");
    if (profile->oversign_len > MOST_OVERSIGN_TEXT)
        return error_set(error,
                         "the names of the fields to oversign are %zu bytes together, and "
                         "at most %zu fit",
                         profile->oversign_len, MOST_OVERSIGN_TEXT);
    if (!profile->oversign_count)
        return true;
    return set_option(profile->lib, DKIM_OPTS_OVERSIGNHDRS, list, sizeof list, error);
}

/* libopendkim opens the resolver. What all its users share is made for the first one, and where
 * there is no memory for that glibc leaves it locked: the next one would wait for ever. */
static bool resolver_begins(void)
{
    static atomic_bool has_begun;
    struct __res_state state = {0};
    if (atomic_load(&has_begun))
        return true;
    if (res_ninit(&state) != 0)
        return false;
    res_nclose(&state);
    atomic_store(&has_begun, true);
    return true;
}

static bool set_up(struct signing_profile *profile, const struct signing_options *options,
                   struct error *error)
{
    unsigned int flags = DKIM_LIBFLAGS_NONE;
    uint64_t expire = (uint64_t)options->expire;
    profile->options = *options;
    profile->options.sign_fields = profile->options.oversign_fields = (struct texts){NULL, 0};
    profile->header_canon = options->simple_header ? DKIM_CANON_SIMPLE : DKIM_CANON_RELAXED;
    profile->body_canon = options->simple_body ? DKIM_CANON_SIMPLE : DKIM_CANON_RELAXED;
    profile->arena = arena_new((size_t)256 * 1024);
    profile->lib = resolver_begins() ? dkim_init(memory_take, memory_give) : NULL;
    if (profile->arena)
        profile->fields = arena_alloc(profile->arena, MOST_NAMES * sizeof *profile->fields);
    if (!profile->lib || !profile->fields)
        return error_set(error, "memory is out");
    if (!dkim_libfeature(profile->lib, DKIM_FEATURE_SHA256))
        return error_set(error, "this libopendkim was built without SHA-256");
    if (options->expire < 0)
        return error_set(error, "signatures cannot expire before they are made");
    return add_name(profile, "From", error) && add_names(profile, &options->sign_fields, error) &&
           add_names(profile, &options->oversign_fields, error) &&
           set_oversign(profile, &options->oversign_fields, error) &&
           set_option(profile->lib, DKIM_OPTS_FLAGS, &flags, sizeof flags, error) &&
           set_option(profile->lib, DKIM_OPTS_SIGNATURETTL, &expire, sizeof expire, error);
}

bool signing_profile_new(const struct signing_options *options,
                         struct signing_profile **ret_profile, struct error *error)
{
    *ret_profile = NULL;
    struct signing_profile *profile = calloc(1, sizeof *profile);
    if (!profile)
        return error_set(error, "memory is out");
    if (!set_up(profile, options, error)) {
        signing_profile_free(profile);
        return false;
    }
    lend_works(); /* once a process: better now than with the first message */
    *ret_profile = profile;
    return true;
}

bool signing_profile_without(const struct signing_profile *profile,
                             const struct unsigned_field *names,
                             struct signing_profile **ret_profile, struct error *error)
{
    struct signing_options options = profile->options;
    size_t most = profile->field_count + profile->oversign_count;
    const char **list = calloc(most, sizeof *list);
    size_t count = 0;
    *ret_profile = NULL;
    if (!list)
        return error_set(error, "memory is out");
    for (size_t i = 0; i < profile->field_count; i++)
        if (!unsigned_field_named(names, profile->fields[i]))
            list[count++] = profile->fields[i].data;
    options.sign_fields = (struct texts){list, count};
    for (size_t i = 0; i < profile->oversign_count; i++)
        if (!unsigned_field_named(names, bytes_of(profile->oversign[i])))
            list[count++] = profile->oversign[i];
    options.oversign_fields =
        (struct texts){list + options.sign_fields.count, count - options.sign_fields.count};
    bool made = signing_profile_new(&options, ret_profile, error);
    free(list);
    return made;
}

void signing_profile_free(struct signing_profile *profile)
{
    if (!profile)
        return;
    if (profile->lib)
        dkim_close(profile->lib);
    arena_free(profile->arena);
    free(profile);
}
