/* A new private key in a file of its own, put in place in one step. */
#include "dkim/keygen.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "dkim/account.h"
#include "dkim/key_path.h"
#include "dkim/selector.h"
#include "dkim/traces.h"
#include "policy/address.h"
#include "policy/shell.h"

/* Who may read what is made. */
struct access {
    bool shared; /* with the daemon's group */
    gid_t group;
};

static bool say_cannot(const char *path, const char *what, struct error *error)
{
    return error_set(error, "%s cannot be %s: %s", shell_word(path).text, what, strerror(errno));
}

struct keygen_selector keygen_default_selector(time_t now, enum key_type type)
{
    struct keygen_selector selector;
    struct tm day = {0};
    gmtime_r(&now, &day);
    snprintf(selector.text, sizeof selector.text, "s%04d%02d%02d%c", (day.tm_year + 1900) % 10000,
             (day.tm_mon + 1) % 100, day.tm_mday % 100, type == KEY_RSA ? 'r' : 'e');
    return selector;
}

static bool give_access(int fd, const struct access *access, mode_t alone, mode_t shared)
{
    if (!access->shared)
        return fchmod(fd, alone) == 0;
    return fchown(fd, 0, access->group) == 0 && fchmod(fd, shared) == 0;
}

/* A folder that is there already is left as it is: reading keys checks it. */
static bool make_folder(int parent, const char *name, const char *path, const struct access *access,
                        struct error *error)
{
    if (mkdirat(parent, name, 0700) != 0)
        return errno == EEXIST || say_cannot(path, "made", error);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool good = fd >= 0 && give_access(fd, access, 0700, 0750) && fsync(fd) == 0;
    if (!good)
        say_cannot(path, "made ready", error);
    if (fd >= 0)
        close(fd);
    return good;
}

static bool open_folders(const struct keygen_options *options, const char *domain, const char *path,
                         const struct access *access, int *ret_fd, struct error *error)
{
    int root;
    const char *folder = options->place.folder;
    if (!key_path_open_root(&options->place, &root, error))
        return false;
    if (root < 0 && (!make_folder(AT_FDCWD, folder, folder, access, error) ||
                     !key_path_open_root(&options->place, &root, error)))
        return false;
    bool good = root >= 0 ? make_folder(root, domain, path, access, error)
                          : error_set(error, "%s cannot be made", shell_word(folder).text);
    good = good && key_path_open_folder(&options->place, root, domain, path, ret_fd, error);
    if (good && fsync(root) != 0) {
        good = say_cannot(folder, "written", error);
        close(*ret_fd);
    }
    if (root >= 0)
        close(root);
    return good;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t written = write(fd, text, len);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            len -= (size_t)written;
        }
    }
    return true;
}

/* Under a name that nobody reads until the whole key is on the disk. */
static bool put_in_place(int folder, const char *name, const char *path, struct bytes text,
                         const struct access *access, struct error *error)
{
    char draft[64];
    snprintf(draft, sizeof draft, ".new-key-%ld", (long)getpid());
    if (unlinkat(folder, draft, 0) != 0 && errno != ENOENT)
        return say_cannot(path, "made", error);
    int fd = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return say_cannot(path, "made", error);
    bool good = (write_all(fd, text.data, text.len) && give_access(fd, access, 0600, 0640) &&
                 fsync(fd) == 0) ||
                say_cannot(path, "written", error);
    close(fd);
    if (good && linkat(folder, draft, folder, name, 0) != 0)
        good = errno == EEXIST
                   ? error_set(error,
                               "%s is there already, and a key is never overwritten: choose "
                               "another selector (--selector)",
                               shell_word(path).text)
                   : say_cannot(path, "made", error);
    unlinkat(folder, draft, 0);
    if (good && fsync(folder) != 0)
        good = say_cannot(path, "written", error);
    return good;
}

static EVP_PKEY *make_key(enum key_type type)
{
    return type == KEY_RSA ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)KEYGEN_RSA_BITS)
                           : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/* The key as PEM, in memory that overwrites itself when it goes. */
static BIO *make_text(enum key_type type, struct bytes *ret_text, struct error *error)
{
    char *data = NULL;
    EVP_PKEY *key = make_key(type);
    BIO *bio = BIO_new(BIO_s_secmem());
    bool good = key && bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    EVP_PKEY_free(key);
    if (!good) {
        BIO_free(bio);
        error_set(error, "no key could be made: OpenSSL has no random bytes or no memory");
        return NULL;
    }
    long len = BIO_get_mem_data(bio, &data);
    *ret_text = (struct bytes){data, (size_t)len};
    return bio;
}

static bool make_file(const struct keygen_options *options, int folder, const char *path,
                      const struct access *access, struct error *error)
{
    char name[256];
    struct bytes text;
    snprintf(name, sizeof name, "%s.pem", options->selector);
    BIO *bio = make_text(options->type, &text, error);
    bool good = bio && put_in_place(folder, name, path, text, access, error);
    BIO_free(bio);
    traces_wipe();
    return good;
}

bool keygen_make(const struct keygen_options *options, struct arena *arena, const char **ret_path,
                 struct error *error)
{
    struct bytes normal;
    struct access access = {.shared = geteuid() == 0 && options->place.group != 0,
                            .group = options->place.group};
    if (!address_normalise_domain(arena, bytes_of(options->domain), &normal))
        return error_set(error, "\"%.200s\" is no domain", options->domain);
    if (!selector_valid(bytes_of(options->selector), normal))
        return error_set(error,
                         "\"%.200s\" is no selector for %.*s: letters, digits and '-' are allowed, "
                         "in parts separated by dots, short enough for DNS",
                         options->selector, (int)normal.len, normal.data);
    const char *domain = arena_text(arena, normal);
    const char *path = domain ? arena_printf(arena, "%s/%s", options->place.folder, domain) : NULL;
    *ret_path = path ? arena_printf(arena, "%s/%s.pem", path, options->selector) : NULL;
    if (!*ret_path)
        return error_set(error, "memory is out");
    int folder;
    if (!open_folders(options, domain, path, &access, &folder, error))
        return false;
    bool good = make_file(options, folder, *ret_path, &access, error);
    close(folder);
    return good;
}
