/* An LMDB environment that several processes and threads read and write. */
#include "limits/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TABLES 5
#define READERS_MAX 256         /* of all processes */
#define LOCK_SIZE 32768         /* bytes; more than READERS_MAX need */
#define SMALL ((off_t)64 << 20) /* bytes; looking through that many is a matter of moments */
#define MARK "submilter"
#define MARK_VALUE "limits 1"

static char *path_of(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

const char *ledger_reason(int status)
{
    if (status == MDB_MAP_FULL)
        return "it is full: raise counters.max_size";
    /* LMDB's word for what was written in part. */
    if (status == EIO)
        return "the disk is full, or broken (Input/output error)";
    return mdb_strerror(status);
}

bool ledger_is_damage(int status)
{
    return status == MDB_CORRUPTED || status == MDB_PAGE_NOTFOUND || status == MDB_INVALID ||
           status == MDB_PANIC || status == MDB_VERSION_MISMATCH || status == MDB_BAD_DBI ||
           status == MDB_INCOMPATIBLE || status == MDB_CURSOR_FULL || status == MDB_PAGE_FULL;
}

/* The mark tells our file from somebody else's. */
static int open_tables(struct ledger *ledger, MDB_txn *txn, unsigned flags)
{
    MDB_dbi unnamed;
    MDB_val key = {sizeof MARK - 1, (void *)(uintptr_t)MARK}, value;
    MDB_stat stat;
    int status = mdb_dbi_open(txn, NULL, 0, &unnamed);
    if (!status)
        status = mdb_stat(txn, unnamed, &stat);
    if (!status && !stat.ms_entries && !flags)
        status = MDB_NOTFOUND;
    else if (!status && !stat.ms_entries) {
        value = (MDB_val){sizeof MARK_VALUE - 1, (void *)(uintptr_t)MARK_VALUE};
        status = mdb_put(txn, unnamed, &key, &value, 0);
    } else if (!status) {
        status = mdb_get(txn, unnamed, &key, &value);
        if (status == MDB_NOTFOUND)
            status = EEXIST;
        else if (!status && (value.mv_size != sizeof MARK_VALUE - 1 ||
                             memcmp(value.mv_data, MARK_VALUE, value.mv_size) != 0))
            status = MDB_VERSION_MISMATCH;
    }
    if (!status)
        status = mdb_dbi_open(txn, "records", flags, &ledger->records);
    if (!status)
        status = mdb_dbi_open(txn, "standings", flags, &ledger->standings);
    if (!status)
        status = mdb_dbi_open(txn, "correspondents", flags, &ledger->correspondents);
    if (!status)
        status = mdb_dbi_open(txn, "words", flags, &ledger->words);
    return status ? status : mdb_dbi_open(txn, "claims", flags, &ledger->claims);
}

static int note_identity(struct ledger *ledger)
{
    struct stat found = {0};
    int fd, status = mdb_env_get_fd(ledger->env, &fd);
    /* LMDB leaves it open for children. */
    if (!status && (fcntl(fd, F_SETFD, FD_CLOEXEC) || fstat(fd, &found)))
        status = errno;
    if (!status) {
        ledger->device = found.st_dev;
        ledger->inode = found.st_ino;
        ledger->size = found.st_size;
    }
    return status;
}

int ledger_open_env(const char *folder, size_t max_size, bool read_only, struct ledger *ledger)
{
    int dead;
    MDB_txn *txn = NULL;
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (read_only ? MDB_RDONLY : 0);
    int status = mdb_env_create(&ledger->env);
    if (status)
        return status;
    status = mdb_env_set_maxdbs(ledger->env, TABLES);
    if (!status)
        status = mdb_env_set_maxreaders(ledger->env, READERS_MAX);
    if (!status)
        status = mdb_env_set_mapsize(ledger->env, max_size);
    if (!status)
        status = mdb_env_open(ledger->env, folder, flags, 0600);
    if (!status)
        status = note_identity(ledger);
    if (!status)
        status = mdb_reader_check(ledger->env, &dead);
    if (!status)
        status = mdb_txn_begin(ledger->env, NULL, read_only ? MDB_RDONLY : 0, &txn);
    if (!status)
        status = open_tables(ledger, txn, read_only ? 0 : MDB_CREATE);
    if (txn && !status)
        status = mdb_txn_commit(txn);
    else if (txn)
        mdb_txn_abort(txn);
    if (status) {
        mdb_env_close(ledger->env);
        ledger->env = NULL;
    }
    return status;
}

/* The old lock file goes as well: what it says of the old file must not hold for the new one. */
static char *set_aside(const char *folder, struct error *error)
{
    char stamp[20], *to = NULL, *said = NULL;
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    char *from = path_of(folder, "data.mdb"), *lock = path_of(folder, "lock.mdb");
    if (asprintf(&to, "%s/damaged-%s.mdb", folder, stamp) < 0)
        to = NULL;
    if (!from || !to || !lock) {
        error_set(error, "out of memory");
    } else if (rename(from, to) || (unlink(lock) && errno != ENOENT)) {
        error_set(error, "%s is damaged and cannot be moved away: %s", from, strerror(errno));
    } else if (asprintf(&said,
                        "%s was damaged: it is set aside as %s, and counting begins anew. What "
                        "logins were like, whom they write to and who was slowed or frozen is "
                        "forgotten",
                        from, to) < 0) {
        said = NULL;
        error_set(error, "out of memory");
    }
    free(from);
    free(to);
    free(lock);
    return said;
}

static bool fail(const char *folder, int status, struct error *error)
{
    if (status == EEXIST)
        return error_set(error,
                         "%s/data.mdb: it holds somebody else's tables: choose another folder "
                         "for counters.file",
                         folder);
    return error_set(error, "%s: the counters' file cannot be opened: %s", folder,
                     ledger_reason(status));
}

static bool is_small(const char *folder)
{
    struct stat found;
    char *data = path_of(folder, "data.mdb");
    bool is = data && stat(data, &found) == 0 && found.st_size < SMALL;
    free(data);
    return is;
}

/* LMDB writes into a map of its lock file: on a full disk it would die of one that has no room yet.
 */
static int make_room_for_lock(const char *folder)
{
    char *lock = path_of(folder, "lock.mdb");
    int fd = lock ? open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    int status = fd < 0 || fallocate(fd, 0, 0, LOCK_SIZE) ? errno : 0;
    if (fd >= 0)
        close(fd);
    free(lock);
    return status == EOPNOTSUPP || status == ENOSYS ? 0 : status;
}

/* again: what was open here is gone or damaged. */
static bool open_locked(struct ledger *ledger, enum ledger_use use, bool again, char **ret_aside,
                        struct error *error)
{
    int status = make_room_for_lock(ledger->folder);
    if (status)
        return fail(ledger->folder, status, error);
    bool is_left_open = ledger_take(ledger) == LEDGER_LEFT_OPEN;
    enum ledger_depth depth =
        again || is_left_open || is_small(ledger->folder) ? LEDGER_WHOLLY : LEDGER_BRIEFLY;
    enum ledger_check found = ledger_check(ledger->folder, ledger->max_size, depth);
    if (found == LEDGER_UNSEEN)
        return error_set(error, "%s/data.mdb cannot be looked through: waitpid: %s", ledger->folder,
                         strerror(errno));
    bool is_damaged = found == LEDGER_DAMAGED;
    if (is_damaged && use == LEDGER_EXISTING)
        return error_set(error, "%s/data.mdb is damaged: submilter sets it aside when it starts",
                         ledger->folder);
    if (is_damaged) {
        if (!(*ret_aside = set_aside(ledger->folder, error)))
            return false;
        status = make_room_for_lock(ledger->folder);
    }
    if (!status)
        status = ledger_open_env(ledger->folder, ledger->max_size, false, ledger);
    return status ? fail(ledger->folder, status, error) : true;
}

/* One at a time: between a look and the opening nobody else sets the file aside. */
static bool open_folder(struct ledger *ledger, enum ledger_use use, bool again, char **ret_aside,
                        struct error *error)
{
    *ret_aside = NULL;
    if (use == LEDGER_MAKE && mkdir(ledger->folder, 0700) && errno != EEXIST)
        return error_set(error, "%s: cannot be made: %s", ledger->folder, strerror(errno));
    char *data = path_of(ledger->folder, "data.mdb");
    bool is_there = data && access(data, R_OK | W_OK) == 0;
    int fd = open(ledger->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = false;
    if (!data)
        error_set(error, "out of memory");
    else if (fd < 0)
        error_set(error, "%s: the folder of the counters cannot be opened: %s", ledger->folder,
                  strerror(errno));
    else if (use == LEDGER_EXISTING && !is_there)
        error_set(error, "%s: the counters' file cannot be opened: %s", data, strerror(errno));
    else if (flock(fd, LOCK_EX))
        error_set(error, "%s: cannot be locked: %s", ledger->folder, strerror(errno));
    else
        ok = open_locked(ledger, use, again, ret_aside, error);
    if (fd >= 0)
        close(fd);
    free(data);
    return ok;
}

bool ledger_open(struct ledger *ledger, const char *folder, int64_t max_size, enum ledger_use use,
                 char **ret_aside, struct error *error)
{
    *ledger = (struct ledger){.folder = strdup(folder), .max_size = (size_t)max_size, .closed = -1};
    *ret_aside = NULL;
    if (!ledger->folder)
        return error_set(error, "out of memory");
    pthread_mutex_init(&ledger->lock, NULL);
    pthread_cond_init(&ledger->changed, NULL);
    if (open_folder(ledger, use, false, ret_aside, error))
        return true;
    ledger_close(ledger);
    return false;
}

static void close_env(struct ledger *ledger)
{
    bool is_doubtful = __atomic_load_n(&ledger->is_doubtful, __ATOMIC_RELAXED);
    bool is_sound = ledger->env && !is_doubtful && ledger_is_there(ledger);
    while (ledger->idle_count)
        mdb_txn_abort(ledger->idle[--ledger->idle_count]);
    if (ledger->env)
        mdb_env_close(ledger->env);
    ledger->env = NULL;
    ledger_leave(ledger, is_sound);
}

void ledger_close(struct ledger *ledger)
{
    close_env(ledger);
    pthread_mutex_destroy(&ledger->lock);
    pthread_cond_destroy(&ledger->changed);
    free(ledger->folder);
    ledger->folder = NULL;
}

void ledger_shut(struct ledger *ledger)
{
    pthread_mutex_lock(&ledger->lock);
    ledger->is_shut = true;
    pthread_cond_broadcast(&ledger->changed);
    while (ledger->busy)
        pthread_cond_wait(&ledger->changed, &ledger->lock);
    pthread_mutex_unlock(&ledger->lock);
    close_env(ledger);
}

/* Looking through it and beginning anew may take long: meanwhile nobody enters, nor waits for that.
 */
bool ledger_open_again(struct ledger *ledger, char **ret_aside, struct error *error)
{
    ledger_doubt(ledger);
    ledger_shut(ledger);
    bool ok = open_folder(ledger, LEDGER_MAKE, true, ret_aside, error);
    pthread_mutex_lock(&ledger->lock);
    ledger->is_shut = false;
    pthread_mutex_unlock(&ledger->lock);
    return ok;
}

/* With the lock held. */
static bool enter(struct ledger *ledger)
{
    while (!ledger->is_shut && (ledger->is_mapping || ledger->busy == LEDGER_READERS))
        pthread_cond_wait(&ledger->changed, &ledger->lock);
    bool enters = !ledger->is_shut && ledger->env;
    if (enters)
        ledger->busy++;
    return enters;
}

static void leave(struct ledger *ledger)
{
    ledger->busy--;
    pthread_cond_broadcast(&ledger->changed);
}

/* Another process, with a larger max_size, made the file larger than our map of it. */
static int map_anew(struct ledger *ledger)
{
    pthread_mutex_lock(&ledger->lock);
    ledger->is_mapping = true;
    while (ledger->busy && !ledger->is_shut)
        pthread_cond_wait(&ledger->changed, &ledger->lock);
    bool is_open = !ledger->is_shut && ledger->env;
    int status = is_open ? mdb_env_set_mapsize(ledger->env, 0) : MDB_INVALID;
    ledger->is_mapping = false;
    pthread_cond_broadcast(&ledger->changed);
    pthread_mutex_unlock(&ledger->lock);
    return status;
}

static int begin_read(struct ledger *ledger, MDB_txn **ret_txn)
{
    MDB_txn *txn = NULL;
    pthread_mutex_lock(&ledger->lock);
    if (!enter(ledger)) {
        pthread_mutex_unlock(&ledger->lock);
        return MDB_INVALID;
    }
    if (ledger->idle_count)
        txn = ledger->idle[--ledger->idle_count];
    pthread_mutex_unlock(&ledger->lock);
    int status = txn ? mdb_txn_renew(txn) : mdb_txn_begin(ledger->env, NULL, MDB_RDONLY, &txn);
    if (status) {
        pthread_mutex_lock(&ledger->lock);
        if (txn)
            mdb_txn_abort(txn);
        leave(ledger);
        pthread_mutex_unlock(&ledger->lock);
        return status;
    }
    *ret_txn = txn;
    return 0;
}

MDB_txn *ledger_read(struct ledger *ledger)
{
    MDB_txn *txn;
    int status = begin_read(ledger, &txn);
    if (status == MDB_MAP_RESIZED && map_anew(ledger) == 0)
        status = begin_read(ledger, &txn);
    return status ? NULL : txn;
}

void ledger_read_end(struct ledger *ledger, MDB_txn *txn)
{
    mdb_txn_reset(txn);
    pthread_mutex_lock(&ledger->lock);
    ledger->idle[ledger->idle_count++] = txn;
    leave(ledger);
    pthread_mutex_unlock(&ledger->lock);
}

static int begin_write(struct ledger *ledger, MDB_txn **ret_txn)
{
    pthread_mutex_lock(&ledger->lock);
    bool is_open = enter(ledger);
    pthread_mutex_unlock(&ledger->lock);
    if (!is_open)
        return MDB_INVALID;
    int status = mdb_txn_begin(ledger->env, NULL, 0, ret_txn);
    if (status) {
        pthread_mutex_lock(&ledger->lock);
        leave(ledger);
        pthread_mutex_unlock(&ledger->lock);
    }
    return status;
}

int ledger_write(struct ledger *ledger, MDB_txn **ret_txn)
{
    int status = begin_write(ledger, ret_txn);
    if (status == MDB_MAP_RESIZED && map_anew(ledger) == 0)
        status = begin_write(ledger, ret_txn);
    return status;
}

int ledger_write_end(struct ledger *ledger, MDB_txn *txn, int status)
{
    if (status)
        mdb_txn_abort(txn);
    else if ((status = mdb_txn_commit(txn)) != 0 && status != MDB_MAP_FULL)
        ledger_doubt(ledger);
    if (ledger_is_damage(status))
        ledger_doubt(ledger);
    pthread_mutex_lock(&ledger->lock);
    leave(ledger);
    pthread_mutex_unlock(&ledger->lock);
    return status;
}

void ledger_doubt(struct ledger *ledger)
{
    __atomic_store_n(&ledger->is_doubtful, true, __ATOMIC_RELAXED);
}

bool ledger_is_there(struct ledger *ledger)
{
    struct stat found;
    char *data = ledger->env ? path_of(ledger->folder, "data.mdb") : NULL;
    bool is_there = data && stat(data, &found) == 0 && found.st_dev == ledger->device &&
                    found.st_ino == ledger->inode && found.st_size >= ledger->size;
    if (is_there)
        ledger->size = found.st_size; /* LMDB never makes it smaller */
    free(data);
    return is_there;
}

void ledger_clear_readers(struct ledger *ledger)
{
    int dead;
    if (ledger->env)
        (void)mdb_reader_check(ledger->env, &dead);
}

/* mdb_env_info tells of a transaction that readers do not see yet, while the disk writes it. */
size_t ledger_last(struct ledger *ledger)
{
    MDB_txn *txn = ledger_read(ledger);
    size_t last = txn ? mdb_txn_id(txn) : 0;
    if (txn)
        ledger_read_end(ledger, txn);
    return last;
}
