/* Whether the file is still as whoever had it open last left it.
 *
 * A file beside it, "closed", is locked (shared) by everybody who has it open, and empty then. The
 * last one writes into it what the file is like. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "limits/ledger.h"

#define TEXT_MAX 120
#define WAITS 50 /* milliseconds */

static int open_in(const char *folder, const char *name, int flags)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int file = fd < 0 ? -1 : openat(fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return file;
}

/* Another file, or one that was written to since, has another text. */
static bool describe(const char *folder, struct timespec *ret_changed, char ret_text[TEXT_MAX])
{
    struct stat found;
    int fd = open_in(folder, "data.mdb", O_RDONLY);
    bool ok = fd >= 0 && fstat(fd, &found) == 0;
    if (fd >= 0)
        close(fd);
    if (!ok)
        return false;
    *ret_changed = found.st_mtim;
    snprintf(ret_text, TEXT_MAX, "inode %" PRIuMAX " bytes %jd changed %jd.%09ld\n",
             (uintmax_t)found.st_ino, (intmax_t)found.st_size, (intmax_t)found.st_mtim.tv_sec,
             found.st_mtim.tv_nsec);
    return true;
}

enum ledger_before ledger_take(struct ledger *ledger)
{
    struct timespec changed;
    char noted[TEXT_MAX] = "", text[TEXT_MAX];
    __atomic_store_n(&ledger->is_doubtful, false, __ATOMIC_RELAXED);
    ledger->closed = open_in(ledger->folder, "closed", O_RDWR | O_CREAT);
    if (ledger->closed < 0)
        return LEDGER_LEFT_OPEN;
    if (flock(ledger->closed, LOCK_EX | LOCK_NB))
        return flock(ledger->closed, LOCK_SH) ? LEDGER_LEFT_OPEN : LEDGER_IN_USE;
    ssize_t len = read(ledger->closed, noted, sizeof noted - 1);
    bool is_same = len > 0 && describe(ledger->folder, &changed, text) && !strcmp(noted, text);
    /* Not to be synced: if that gets lost, nothing was written either. */
    bool is_taken = !ftruncate(ledger->closed, 0) && !flock(ledger->closed, LOCK_SH);
    return is_same && is_taken ? LEDGER_CLOSED : LEDGER_LEFT_OPEN;
}

/* Files' times go in steps: what is written within the same one would not be seen. */
static bool wait_for_later(const struct timespec *changed)
{
    for (int i = 0; i < WAITS; i++) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
        if (now.tv_sec > changed->tv_sec ||
            (now.tv_sec == changed->tv_sec && now.tv_nsec > changed->tv_nsec))
            return true;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    return false;
}

static void note(const struct ledger *ledger)
{
    struct timespec changed;
    char text[TEXT_MAX];
    if (!describe(ledger->folder, &changed, text) || !wait_for_later(&changed))
        return;
    size_t len = strlen(text);
    if (ftruncate(ledger->closed, 0) || pwrite(ledger->closed, text, len, 0) != (ssize_t)len ||
        fsync(ledger->closed))
        (void)!ftruncate(ledger->closed, 0);
}

void ledger_leave(struct ledger *ledger, bool is_sound)
{
    if (ledger->closed < 0)
        return;
    int folder = open(ledger->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Nobody opens it meanwhile. */
    if (is_sound && folder >= 0 && !flock(folder, LOCK_EX | LOCK_NB) &&
        !flock(ledger->closed, LOCK_EX | LOCK_NB))
        note(ledger);
    if (folder >= 0)
        close(folder);
    close(ledger->closed);
    ledger->closed = -1;
}
