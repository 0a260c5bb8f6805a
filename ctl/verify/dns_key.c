/* Looking keys up with libunbound. */
#include "ctl/verify/dns_key.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unbound.h>

#include "ctl/verify/interrupt.h"

#define TYPE_TXT 16
#define CLASS_IN 1

struct look_up {
    bool done;
    int error;
    struct ub_result *result;
};

static void take_result(void *context, int error, struct ub_result *result)
{
    struct look_up *look_up = context;
    look_up->done = true;
    look_up->error = error;
    look_up->result = result;
}

/* A tag's value without its blanks; no data: the tag is not there. */
static struct bytes tag(struct bytes record, char name, struct arena *arena)
{
    while (record.len) {
        size_t end = bytes_find(record, ';');
        struct bytes item = bytes_slice(record, 0, end);
        size_t equals = bytes_find(item, '=');
        record = bytes_slice(record, end + 1, record.len);
        struct bytes key = bytes_trim(bytes_slice(item, 0, equals));
        if (key.len != 1 || key.data[0] != name || equals == item.len)
            continue;
        struct bytes value = bytes_slice(item, equals + 1, item.len);
        char *plain = arena_alloc(arena, value.len + 1);
        size_t len = 0;
        for (size_t i = 0; plain && i < value.len; i++)
            if (!strchr(" \t\r\n", value.data[i]))
                plain[len++] = value.data[i];
        return (struct bytes){plain, len};
    }
    return (struct bytes){NULL, 0};
}

static bool same_tag(struct bytes record, struct bytes ours, char name, const char *otherwise,
                     struct arena *arena)
{
    struct bytes theirs = tag(record, name, arena), wanted = tag(ours, name, arena);
    if (!theirs.data && otherwise)
        theirs = bytes_of(otherwise);
    return bytes_equal(theirs, wanted);
}

bool dns_key_same(struct bytes record, struct bytes ours, struct arena *arena, struct error *error)
{
    struct bytes key = tag(record, 'p', arena);
    if (!key.data)
        return error_set(error, "the record has no p=: it is no key");
    if (!key.len)
        return error_set(error, "the record says that the key is revoked (p= is empty)");
    if (!same_tag(record, ours, 'k', "rsa", arena) || !same_tag(record, ours, 'p', NULL, arena))
        return error_set(error, "it has another key than the file");
    struct bytes flags = tag(record, 't', arena);
    if (bytes_find(flags, 'y') < flags.len)
        return error_set(error, "it says t=y: receivers are to take it for a test and not to count "
                                "it");
    return true;
}

/* A TXT record: strings, each with its length in front. */
static const char *join_strings(struct arena *arena, struct bytes data)
{
    char *text = arena_alloc(arena, data.len + 1);
    size_t len = 0;
    for (size_t at = 0; text && at < data.len;) {
        struct bytes piece =
            bytes_slice(data, at + 1, at + 1 + (size_t)(unsigned char)data.data[at]);
        if (piece.len)
            memcpy(text + len, piece.data, piece.len);
        len += piece.len;
        at += 1 + piece.len + (piece.len == 0 && (unsigned char)data.data[at] != 0);
    }
    return text;
}

static enum dns_key_result read_result(const struct ub_result *result, struct arena *arena,
                                       const char **ret_text, struct error *error)
{
    if (result->bogus) {
        error_set(error, "DNSSEC says that the answer is forged");
        return DNS_KEY_UNAVAILABLE;
    }
    if (result->rcode != 0 && !result->nxdomain) {
        error_set(error, "the resolver answers with error %d", result->rcode);
        return DNS_KEY_UNAVAILABLE;
    }
    *ret_text = NULL;
    for (int i = 0; result->havedata && result->data[i]; i++) {
        const char *text =
            join_strings(arena, (struct bytes){result->data[i], (size_t)result->len[i]});
        if (text && (!*ret_text || tag(bytes_of(text), 'p', arena).data))
            *ret_text = text;
    }
    return *ret_text ? DNS_KEY_FOUND : DNS_KEY_ABSENT;
}

/* do-not-query-localhost would leave a resolver on this host out. */
static struct ub_ctx *new_context(const char *resolver, struct error *error)
{
    struct ub_ctx *context = ub_ctx_create();
    int failed = 0;
    if (!context) {
        error_set(error, "out of memory");
        return NULL;
    }
    failed = ub_ctx_set_option(context, "do-not-query-localhost:", "no");
    if (!failed)
        failed = ub_ctx_async(context, 1);
    if (!failed)
        failed = resolver ? ub_ctx_set_fwd(context, resolver) : ub_ctx_resolvconf(context, NULL);
    if (!failed)
        return context;
    error_set(error, "%s: %s", resolver ? resolver : "/etc/resolv.conf", ub_strerror(failed));
    ub_ctx_delete(context);
    return NULL;
}

static void wait_for(struct ub_ctx *context, const struct look_up *look_up, long seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t until = now.tv_sec + seconds;
    while (!look_up->done && now.tv_sec < until && !interrupted()) {
        struct pollfd place = {.fd = ub_fd(context), .events = POLLIN};
        if (poll(&place, 1, 1000) > 0)
            ub_process(context);
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
}

enum dns_key_result dns_key_look(const char *resolver, const char *domain, const char *selector,
                                 long seconds, struct arena *arena, const char **ret_text,
                                 struct error *error)
{
    struct look_up look_up = {.done = false};
    char name[600];
    int number;
    struct ub_ctx *context = new_context(resolver, error);
    enum dns_key_result result = DNS_KEY_UNAVAILABLE;
    if (!context)
        return result;
    snprintf(name, sizeof name, "%s._domainkey.%s", selector, domain);
    int failed =
        ub_resolve_async(context, name, TYPE_TXT, CLASS_IN, &look_up, take_result, &number);
    if (!failed)
        wait_for(context, &look_up, seconds);
    if (failed || look_up.error)
        error_set(error, "%s", ub_strerror(failed ? failed : look_up.error));
    else if (!look_up.done)
        error_set(error, "no answer in %ld s", seconds);
    else
        result = read_result(look_up.result, arena, ret_text, error);
    if (!look_up.done && !failed)
        ub_cancel(context, number);
    ub_resolve_free(look_up.result);
    ub_ctx_delete(context);
    return result;
}
