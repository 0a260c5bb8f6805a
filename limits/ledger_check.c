/* Looking through a file that may be damaged, in a process that may crash of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limits/ledger.h"

#define PATIENCE 120 /* seconds of work, not of a slow disk: a damaged tree may have no end */
#define FREE_PAGES 0 /* LMDB's own table of pages that are free */
#define PIECE ((size_t)1 << 20)

/* Touches every byte; keys are in order, and as many as the table says. */
static int walk(MDB_txn *txn, MDB_dbi table, size_t last_page)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_stat stat;
    unsigned char before[600];
    MDB_val previous = {0, before};
    size_t count = 0;
    volatile unsigned char touched = 0;
    int status = mdb_stat(txn, table, &stat);
    if (status || (status = mdb_cursor_open(txn, table, &cursor)))
        return status;
    while (!(status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        if (key.mv_size > sizeof before || count++ >= stat.ms_entries ||
            (previous.mv_size && mdb_cmp(txn, table, &previous, &key) >= 0))
            return MDB_CORRUPTED;
        memcpy(before, key.mv_data, key.mv_size);
        previous.mv_size = key.mv_size;
        for (size_t i = 0; i < value.mv_size; i++)
            touched ^= ((const unsigned char *)value.mv_data)[i];
        if (table == FREE_PAGES) {
            const size_t *pages = value.mv_data;
            for (size_t i = 1; i <= pages[0]; i++)
                if (i * sizeof *pages >= value.mv_size || pages[i] < 2 || pages[i] > last_page)
                    return MDB_CORRUPTED;
        }
    }
    (void)touched;
    mdb_cursor_close(cursor);
    if (status != MDB_NOTFOUND)
        return status;
    return count == stat.ms_entries ? 0 : MDB_CORRUPTED;
}

/* A large table's first and last entry. */
static int touch_ends(MDB_txn *txn, MDB_dbi table)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int status = mdb_cursor_open(txn, table, &cursor);
    if (status)
        return status;
    status = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (!status)
        status = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    mdb_cursor_close(cursor);
    return status == MDB_NOTFOUND ? 0 : status;
}

/* In the order of the disk: the tables' own order takes it page by page, many times as long. */
static void bring_in(int fd, off_t size)
{
    char *piece = malloc(PIECE);
    off_t at = 0;
    for (ssize_t len = 1; piece && len > 0 && at < size; at += len)
        len = pread(fd, piece, PIECE, at);
    free(piece);
}

/* A file that ends before its last page is not damaged for that (who uses a page may have let go of
 * it before it was written), but where others point there, its reader dies. */
static int go_deeper(struct ledger *ledger, enum ledger_depth *depth)
{
    MDB_envinfo info;
    MDB_stat stat;
    int fd, status = mdb_env_get_fd(ledger->env, &fd);
    if (!status)
        status = mdb_env_info(ledger->env, &info);
    if (!status)
        status = mdb_env_stat(ledger->env, &stat);
    if (status)
        return status;
    off_t size = (off_t)(info.me_last_pgno + 1) * (off_t)stat.ms_psize;
    if (ledger->size < size)
        *depth = LEDGER_WHOLLY;
    if (*depth == LEDGER_WHOLLY)
        bring_in(fd, size);
    return 0;
}

static int walk_all(struct ledger *ledger, enum ledger_depth depth)
{
    MDB_txn *txn;
    MDB_envinfo info;
    MDB_dbi unnamed;
    int status = go_deeper(ledger, &depth);
    if (!status)
        status = mdb_txn_begin(ledger->env, NULL, MDB_RDONLY, &txn);
    if (status)
        return status;
    mdb_env_info(ledger->env, &info);
    const struct {
        MDB_dbi id;
        bool is_large;
    } tables[] = {{FREE_PAGES, false},     {ledger->standings, false},
                  {ledger->words, false},  {ledger->claims, false},
                  {ledger->records, true}, {ledger->correspondents, true}};
    status = mdb_dbi_open(txn, NULL, 0, &unnamed);
    if (!status)
        status = walk(txn, unnamed, info.me_last_pgno);
    for (size_t i = 0; !status && i < sizeof tables / sizeof *tables; i++)
        status = depth == LEDGER_BRIEFLY && tables[i].is_large
                     ? touch_ends(txn, tables[i].id)
                     : walk(txn, tables[i].id, info.me_last_pgno);
    return status;
}

static enum ledger_check look(const char *folder, size_t max_size, enum ledger_depth depth)
{
    struct ledger ledger = {.max_size = max_size};
    int status = ledger_open_env(folder, max_size, true, &ledger);
    if (status == MDB_NOTFOUND)
        return LEDGER_SOUND; /* nothing in it yet */
    if (!status)
        status = walk_all(&ledger, depth);
    if (status == MDB_NOTFOUND || status == MDB_KEYEXIST)
        return LEDGER_DAMAGED;
    return status == 0 ? LEDGER_SOUND : ledger_is_damage(status) ? LEDGER_DAMAGED : LEDGER_UNCLEAR;
}

/* What damage may end a reader by. */
static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU};

/* Who stops the daemon while it starts signals all its processes: that is for the parent. */
__attribute__((noreturn)) static void child(const char *folder, size_t max_size,
                                            enum ledger_depth depth, int fd)
{
    sigset_t others;
    sigfillset(&others);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        signal(deadly[i], SIG_DFL);
        sigdelset(&others, deadly[i]);
    }
    sigprocmask(SIG_SETMASK, &others, NULL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_CPU, &(struct rlimit){PATIENCE, PATIENCE + 1});
    char result = (char)('0' + (int)look(folder, max_size, depth));
    ssize_t written = write(fd, &result, 1);
    _exit(written == 1 ? 0 : 1);
}

static bool has_file(const char *folder)
{
    struct stat found;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool has = fd >= 0 && fstatat(fd, "data.mdb", &found, 0) == 0 && found.st_size > 0;
    if (fd >= 0)
        close(fd);
    return has;
}

/* Of a child that said nothing. Killed from outside (by hand, for want of memory) it tells nothing
 * of the file, and what logins were like is not to be lost for that. */
static enum ledger_check silence_means(int status)
{
    for (size_t i = 0; WIFSIGNALED(status) && i < sizeof deadly / sizeof *deadly; i++)
        if (WTERMSIG(status) == deadly[i])
            return LEDGER_DAMAGED;
    return LEDGER_UNCLEAR;
}

enum ledger_check ledger_check(const char *folder, size_t max_size, enum ledger_depth depth)
{
    int ends[2];
    char result;
    ssize_t len;
    if (!has_file(folder))
        return LEDGER_SOUND;
    if (pipe2(ends, O_CLOEXEC))
        return LEDGER_UNCLEAR;
    pid_t pid = fork();
    if (pid == 0)
        child(folder, max_size, depth, ends[1]);
    close(ends[1]);
    do
        len = pid < 0 ? -1 : read(ends[0], &result, 1);
    while (len < 0 && errno == EINTR && pid > 0);
    close(ends[0]);
    if (pid < 0)
        return LEDGER_UNCLEAR;
    int status = 0;
    pid_t ended;
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (len == 1)
        return (enum ledger_check)(result - '0');
    return ended < 0 ? LEDGER_UNSEEN : silence_means(status);
}
