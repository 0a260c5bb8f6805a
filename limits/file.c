/* An LMDB environment that several processes and threads read and write. */
#include "limits/file.h"

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

#define TABLES 4
#define READERS_MAX 256         /* of all processes */
#define SMALL ((off_t)64 << 20) /* bytes */
#define MARK "submilter"
#define MARK_VALUE "limits 1"

static char *path_of(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

const char *file_reason(int status)
{
    if (status == MDB_MAP_FULL)
        return "it is full: raise counters.max_size";
    return mdb_strerror(status);
}

bool file_is_damage(int status)
{
    return status == MDB_CORRUPTED || status == MDB_PAGE_NOTFOUND || status == MDB_INVALID ||
           status == MDB_PANIC || status == MDB_VERSION_MISMATCH || status == MDB_BAD_DBI ||
           status == MDB_INCOMPATIBLE || status == MDB_CURSOR_FULL || status == MDB_PAGE_FULL;
}

/* The mark tells our file from somebody else's. */
static int open_tables(struct file *file, MDB_txn *txn, unsigned flags)
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
        status = mdb_dbi_open(txn, "records", flags, &file->records);
    if (!status)
        status = mdb_dbi_open(txn, "standings", flags, &file->standings);
    if (!status)
        status = mdb_dbi_open(txn, "correspondents", flags, &file->correspondents);
    return status ? status : mdb_dbi_open(txn, "claims", flags, &file->claims);
}

static int note_identity(struct file *file)
{
    struct stat found;
    int fd, status = mdb_env_get_fd(file->env, &fd);
    /* LMDB leaves it open for children. */
    if (!status && (fcntl(fd, F_SETFD, FD_CLOEXEC) || fstat(fd, &found)))
        status = errno;
    if (!status) {
        file->device = found.st_dev;
        file->inode = found.st_ino;
        file->size = found.st_size;
    }
    return status;
}

int file_open_env(const char *folder, size_t max_size, bool read_only, struct file *file)
{
    int dead;
    MDB_txn *txn = NULL;
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (read_only ? MDB_RDONLY : 0);
    int status = mdb_env_create(&file->env);
    if (status)
        return status;
    status = mdb_env_set_maxdbs(file->env, TABLES);
    if (!status)
        status = mdb_env_set_maxreaders(file->env, READERS_MAX);
    if (!status)
        status = mdb_env_set_mapsize(file->env, max_size);
    if (!status)
        status = mdb_env_open(file->env, folder, flags, 0600);
    if (!status)
        status = note_identity(file);
    if (!status)
        status = mdb_reader_check(file->env, &dead);
    if (!status)
        status = mdb_txn_begin(file->env, NULL, read_only ? MDB_RDONLY : 0, &txn);
    if (!status)
        status = open_tables(file, txn, read_only ? 0 : MDB_CREATE);
    if (txn && !status)
        status = mdb_txn_commit(txn);
    else if (txn)
        mdb_txn_abort(txn);
    if (status) {
        mdb_env_close(file->env);
        file->env = NULL;
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
                     file_reason(status));
}

/* Looking through a large one would keep an admin waiting. */
static bool is_small(const char *folder)
{
    struct stat found;
    char *data = path_of(folder, "data.mdb");
    bool is = data && stat(data, &found) == 0 && found.st_size < SMALL;
    free(data);
    return is;
}

static bool open_locked(struct file *file, enum file_use use, char **ret_aside, struct error *error)
{
    if (use == FILE_MAKE && file_check(file->folder, file->max_size) == FILE_DAMAGED) {
        *ret_aside = set_aside(file->folder, error);
        if (!*ret_aside)
            return false;
    }
    if (use == FILE_EXISTING && is_small(file->folder) &&
        file_check(file->folder, file->max_size) == FILE_DAMAGED)
        return error_set(error, "%s/data.mdb is damaged: submilter sets it aside when it starts",
                         file->folder);
    int status = file_open_env(file->folder, file->max_size, false, file);
    return status ? fail(file->folder, status, error) : true;
}

/* One at a time: between a look and the opening nobody else sets the file aside. */
static bool open_folder(struct file *file, enum file_use use, char **ret_aside, struct error *error)
{
    *ret_aside = NULL;
    if (use == FILE_MAKE && mkdir(file->folder, 0700) && errno != EEXIST)
        return error_set(error, "%s: cannot be made: %s", file->folder, strerror(errno));
    char *data = path_of(file->folder, "data.mdb");
    bool is_there = data && access(data, R_OK | W_OK) == 0;
    int fd = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = false;
    if (!data)
        error_set(error, "out of memory");
    else if (fd < 0)
        error_set(error, "%s: the folder of the counters cannot be opened: %s", file->folder,
                  strerror(errno));
    else if (use == FILE_EXISTING && !is_there)
        error_set(error, "%s: the counters' file cannot be opened: %s", data, strerror(errno));
    else if (flock(fd, LOCK_EX))
        error_set(error, "%s: cannot be locked: %s", file->folder, strerror(errno));
    else
        ok = open_locked(file, use, ret_aside, error);
    if (fd >= 0)
        close(fd);
    free(data);
    return ok;
}

bool file_open(struct file *file, const char *folder, int64_t max_size, enum file_use use,
               char **ret_aside, struct error *error)
{
    *file = (struct file){.folder = strdup(folder), .max_size = (size_t)max_size};
    *ret_aside = NULL;
    if (!file->folder)
        return error_set(error, "out of memory");
    pthread_mutex_init(&file->lock, NULL);
    pthread_cond_init(&file->changed, NULL);
    if (open_folder(file, use, ret_aside, error))
        return true;
    file_close(file);
    return false;
}

static void close_env(struct file *file)
{
    while (file->idle_count)
        mdb_txn_abort(file->idle[--file->idle_count]);
    if (file->env)
        mdb_env_close(file->env);
    file->env = NULL;
}

void file_close(struct file *file)
{
    close_env(file);
    pthread_mutex_destroy(&file->lock);
    pthread_cond_destroy(&file->changed);
    free(file->folder);
    file->folder = NULL;
}

/* Everybody else is out until leave_alone. */
static void enter_alone(struct file *file)
{
    pthread_mutex_lock(&file->lock);
    file->is_closed = true;
    while (file->busy)
        pthread_cond_wait(&file->changed, &file->lock);
}

static void leave_alone(struct file *file)
{
    file->is_closed = false;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->lock);
}

bool file_open_again(struct file *file, char **ret_aside, struct error *error)
{
    enter_alone(file);
    close_env(file);
    bool ok = open_folder(file, FILE_MAKE, ret_aside, error);
    leave_alone(file);
    return ok;
}

/* With the lock held. */
static bool enter(struct file *file)
{
    while (file->is_closed || file->busy == FILE_READERS)
        pthread_cond_wait(&file->changed, &file->lock);
    if (file->env)
        file->busy++;
    return file->env;
}

static void leave(struct file *file)
{
    file->busy--;
    pthread_cond_broadcast(&file->changed);
}

/* Another process, with a larger max_size, made the file larger than our map of it. */
static int map_anew(struct file *file)
{
    enter_alone(file);
    int status = file->env ? mdb_env_set_mapsize(file->env, 0) : MDB_INVALID;
    leave_alone(file);
    return status;
}

static int begin_read(struct file *file, MDB_txn **ret_txn)
{
    MDB_txn *txn = NULL;
    pthread_mutex_lock(&file->lock);
    if (!enter(file)) {
        pthread_mutex_unlock(&file->lock);
        return MDB_INVALID;
    }
    if (file->idle_count)
        txn = file->idle[--file->idle_count];
    pthread_mutex_unlock(&file->lock);
    int status = txn ? mdb_txn_renew(txn) : mdb_txn_begin(file->env, NULL, MDB_RDONLY, &txn);
    if (status) {
        pthread_mutex_lock(&file->lock);
        if (txn)
            mdb_txn_abort(txn);
        leave(file);
        pthread_mutex_unlock(&file->lock);
        return status;
    }
    *ret_txn = txn;
    return 0;
}

MDB_txn *file_read(struct file *file)
{
    MDB_txn *txn;
    int status = begin_read(file, &txn);
    if (status == MDB_MAP_RESIZED && map_anew(file) == 0)
        status = begin_read(file, &txn);
    return status ? NULL : txn;
}

void file_read_end(struct file *file, MDB_txn *txn)
{
    mdb_txn_reset(txn);
    pthread_mutex_lock(&file->lock);
    file->idle[file->idle_count++] = txn;
    leave(file);
    pthread_mutex_unlock(&file->lock);
}

static int begin_write(struct file *file, MDB_txn **ret_txn)
{
    pthread_mutex_lock(&file->lock);
    bool is_open = enter(file);
    pthread_mutex_unlock(&file->lock);
    if (!is_open)
        return MDB_INVALID;
    int status = mdb_txn_begin(file->env, NULL, 0, ret_txn);
    if (status) {
        pthread_mutex_lock(&file->lock);
        leave(file);
        pthread_mutex_unlock(&file->lock);
    }
    return status;
}

int file_write(struct file *file, MDB_txn **ret_txn)
{
    int status = begin_write(file, ret_txn);
    if (status == MDB_MAP_RESIZED && map_anew(file) == 0)
        status = begin_write(file, ret_txn);
    return status;
}

int file_write_end(struct file *file, MDB_txn *txn, int status)
{
    if (status)
        mdb_txn_abort(txn);
    else
        status = mdb_txn_commit(txn);
    pthread_mutex_lock(&file->lock);
    leave(file);
    pthread_mutex_unlock(&file->lock);
    return status;
}

bool file_is_there(struct file *file)
{
    struct stat found;
    char *data = file->env ? path_of(file->folder, "data.mdb") : NULL;
    bool is_there = data && stat(data, &found) == 0 && found.st_dev == file->device &&
                    found.st_ino == file->inode && found.st_size >= file->size;
    if (is_there)
        file->size = found.st_size; /* LMDB never makes it smaller */
    free(data);
    return is_there;
}

size_t file_last(struct file *file)
{
    MDB_envinfo info;
    return !file->env || mdb_env_info(file->env, &info) ? 0 : info.me_last_txnid;
}
