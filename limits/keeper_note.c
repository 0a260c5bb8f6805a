/* A line beside the counters: what the fleet's store is to know at its next start. It replaces the
 * one before as a whole, or not at all, and is on the disk then. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "limits/embedded_own.h"
#include "limits/keeper.h"

#define NAME "fleet"

/* errno says why not. */
static bool write_draft(int folder, const char *draft, const char *note)
{
    size_t len = strlen(note);
    (void)unlinkat(folder, draft, 0); /* one of a process that was killed */
    int fd = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    errno = ENOSPC; /* of a write that is short */
    bool is_written = write(fd, note, len) == (ssize_t)len && fsync(fd) == 0;
    int cause = errno;
    close(fd);
    errno = cause;
    return is_written;
}

static bool replace(int folder, const char *note)
{
    char draft[sizeof NAME + 24];
    snprintf(draft, sizeof draft, NAME ".%ld", (long)getpid());
    if (write_draft(folder, draft, note) && renameat(folder, draft, folder, NAME) == 0)
        return fsync(folder) == 0;
    int cause = errno;
    (void)unlinkat(folder, draft, 0);
    errno = cause;
    return false;
}

static bool is_kept(const struct keeper *keeper, const char *note)
{
    int folder = open(keeper->ledger.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return false;
    bool is_replaced = replace(folder, note);
    int cause = errno;
    close(folder);
    errno = cause;
    return is_replaced;
}

void keeper_write_note(struct keeper *keeper)
{
    char note[KEEPER_NOTE_SIZE];
    pthread_mutex_lock(&keeper->lock);
    bool is_due = keeper->has_note;
    keeper->has_note = false;
    memcpy(note, keeper->note, sizeof note);
    pthread_mutex_unlock(&keeper->lock);
    if (!is_due)
        return;
    bool fails = !is_kept(keeper, note);
    if (fails && !keeper->note_fails)
        keeper_say(keeper, "%s/" NAME ": how many hosts share the limits cannot be written: %s",
                   keeper->ledger.folder, strerror(errno));
    keeper->note_fails = fails;
    if (!fails)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->has_note = true;
    pthread_mutex_unlock(&keeper->lock);
}

void embedded_note(struct embedded *embedded, const char *line)
{
    struct keeper *keeper = embedded->keeper;
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    snprintf(keeper->note, sizeof keeper->note, "%s\n", line);
    keeper->has_note = true;
    pthread_mutex_unlock(&keeper->lock);
}

bool embedded_noted(const struct embedded *embedded, char *line, size_t size)
{
    char path[4096];
    if (!embedded->keeper)
        return false;
    snprintf(path, sizeof path, "%s/" NAME, embedded->keeper->ledger.folder);
    FILE *file = fopen(path, "re");
    bool is_read = file && fgets(line, (int)size, file);
    if (file)
        fclose(file);
    return is_read;
}
