/* The options of limits/, and the names that are counted under. */
#include "gate/counters.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate/counters_secret.h"
#include "policy/address_recipient.h"
#include "policy/shell.h"

#define PATH_SIZE 4096

/* false: there is none, as nothing is kept. */
static bool secret_path(const struct counters_settings *counters, char path[PATH_SIZE])
{
    if (counters->secret_file)
        snprintf(path, PATH_SIZE, "%s", counters->secret_file);
    else if (counters->file)
        snprintf(path, PATH_SIZE, "%s/secret", counters->file);
    return counters->secret_file || counters->file;
}

static bool check_password(const struct settings *settings, struct error *error)
{
    const char *path = settings->counters.redis_password_file;
    return !path || counters_secret_guard(path, error) ||
           settings_blame(settings, "counters", "redis_password_file", error);
}

bool counters_options(const struct settings *settings, struct limits_options *ret_options,
                      struct error *error)
{
    const struct counters_settings *counters = &settings->counters;
    char path[PATH_SIZE];
    *ret_options = (struct limits_options){
        .file = counters->file,
        .max_size = counters->max_size,
        .redis = counters->redis,
        .redis_password_file = counters->redis_password_file,
        .fleet = counters->fleet,
        .remember = counters->remember,
        .known_after = counters->known_after,
        .network_bits_ipv4 = counters->network_bits_ipv4,
        .network_bits_ipv6 = counters->network_bits_ipv6,
    };
    if (!check_password(settings, error))
        return false;
    if (secret_path(counters, path))
        return counters_secret_read(path, ret_options->secret, error) ||
               settings_blame(settings, "counters", "secret_file", error);
    ssize_t got = getrandom(ret_options->secret, sizeof ret_options->secret, 0);
    return got == (ssize_t)sizeof ret_options->secret ||
           error_set(error, "counters: no random bytes: %s", strerror(errno));
}

/* Whoever may put files there may change the counters under the daemon, and what LMDB trusts. */
static bool check_folder(const char *path, const struct stat *status, struct error *error)
{
    if (status->st_uid != geteuid() && status->st_uid != 0)
        return error_set(error,
                         "the folder %s belongs to the user with the number %u, who may change "
                         "what is in it; mend it with: chown %u %s",
                         path, (unsigned)status->st_uid, (unsigned)geteuid(),
                         shell_word(path).text);
    if (status->st_mode & S_IWOTH)
        return error_set(error,
                         "the folder %s is mode %04o: others may change what is in it; choose one "
                         "of the daemon's own, or mend it with: chmod 700 %s",
                         path, status->st_mode & 07777U, shell_word(path).text);
    return true;
}

static bool make_folder(const char *path, struct error *error)
{
    struct stat status;
    if (mkdir(path, 0700) == 0)
        return true;
    int reason = errno;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return check_folder(path, &status, error);
    if (stat(path, &status) == 0)
        return error_set(error, "%s is not a folder: name one that the database may be made in",
                         path);
    return error_set(error,
                     "cannot make the folder %s: %s; choose one whose parent belongs to the "
                     "daemon's user",
                     path, strerror(reason));
}

bool counters_prepare(const struct settings *settings, struct error *error)
{
    const struct counters_settings *counters = &settings->counters;
    char path[PATH_SIZE];
    if (counters->file && !make_folder(counters->file, error))
        return settings_blame(settings, "counters", "file", error);
    if (secret_path(counters, path) && !counters_secret_make(path, error))
        return settings_blame(settings, "counters", "secret_file", error);
    return true;
}

bool counters_check(const struct settings *settings, struct error *error)
{
    uint8_t secret[COUNTERS_SECRET_SIZE];
    char path[PATH_SIZE];
    if (!check_password(settings, error))
        return false;
    if (!secret_path(&settings->counters, path) || access(path, R_OK) < 0)
        return true;
    bool good = counters_secret_read(path, secret, error) ||
                settings_blame(settings, "counters", "secret_file", error);
    explicit_bzero(secret, sizeof secret);
    return good;
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool counters_same(const struct settings *a, const struct settings *b)
{
    const struct counters_settings *one = &a->counters;
    const struct counters_settings *other = &b->counters;
    return is_same(one->file, other->file) && one->max_size == other->max_size &&
           is_same(one->redis, other->redis) &&
           is_same(one->redis_password_file, other->redis_password_file) &&
           is_same(one->fleet, other->fleet) && is_same(one->secret_file, other->secret_file) &&
           one->remember == other->remember;
}

/* Bits past the first ones become 0. */
static void mask(unsigned char *address, size_t size, int64_t bits)
{
    for (size_t i = 0; i < size; i++) {
        int64_t left = bits - (int64_t)i * 8;
        if (left <= 0)
            address[i] = 0;
        else if (left < 8)
            address[i] &= (unsigned char)(0xff00U >> left);
    }
}

struct bytes counters_network(const struct settings *settings, struct bytes client,
                              char text[COUNTERS_NETWORK_SIZE])
{
    unsigned char address[sizeof(struct in6_addr)];
    char written[INET6_ADDRSTRLEN];
    int family = bytes_find(client, ':') < client.len ? AF_INET6 : AF_INET;
    int64_t bits = family == AF_INET6 ? settings->counters.network_bits_ipv6
                                      : settings->counters.network_bits_ipv4;
    if (!client.len || client.len >= sizeof written)
        return (struct bytes){NULL, 0};
    snprintf(written, sizeof written, "%.*s", (int)client.len, client.data);
    if (inet_pton(family, written, address) != 1)
        return (struct bytes){NULL, 0};
    mask(address, family == AF_INET6 ? 16 : 4, bits);
    inet_ntop(family, address, written, sizeof written);
    snprintf(text, COUNTERS_NETWORK_SIZE, "%s/%d", written, (int)bits);
    return bytes_of(text);
}

struct bytes counters_rcpt(struct arena *arena, struct bytes path)
{
    struct address_list list;
    struct address_recipient rcpt;
    address_parse_path(arena, path, &list);
    if (list.count && list.mailboxes[0].address.len)
        return list.mailboxes[0].address;
    if (address_recipient_read(arena, path, &rcpt))
        return path;
    struct bytes local = path.data[0] == '<' ? bytes_slice(path, 1, path.len - 1) : path;
    if (!rcpt.domain.len)
        return local;
    while (local.data[--local.len] != '@')
        continue;
    return bytes_of(arena_printf(arena, "%.*s@%.*s", (int)local.len, local.data,
                                 (int)rcpt.domain.len, rcpt.domain.data));
}
