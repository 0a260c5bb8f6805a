/* mbox files and Maildirs. */
#include "ctl/verify/mail_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/verify/interrupt.h"

#define TAIL_MAX ((size_t)4 << 20) /* an mbox grows at its end: no more of it is looked at */
#define CLOCK_SLACK 300            /* seconds by which the folder's host may be behind */
#define PAUSE_NANOSECONDS 200000000L

/* The last bytes of a file; NULL: it could not be read. The caller frees. */
static char *read_tail(int file, off_t size, size_t *ret_len)
{
    size_t len = (size_t)size < TAIL_MAX ? (size_t)size : TAIL_MAX;
    char *text = malloc(len + 1);
    size_t got = 0;
    while (text && got < len) {
        ssize_t more = pread(file, text + got, len - got, size - (off_t)len + (off_t)got);
        if (more <= 0)
            break;
        got += (size_t)more;
    }
    *ret_len = got;
    return text;
}

static size_t last_of(struct bytes text, size_t before, const char *needle)
{
    size_t len = strlen(needle);
    for (size_t at = before < len ? 0 : before - len + 1; at-- > 0;)
        if (memcmp(text.data + at, needle, len) == 0)
            return at;
    return text.len;
}

struct bytes mail_folder_mbox_message(struct bytes mbox, const char *mark)
{
    size_t at = bytes_find_nocase(mbox, bytes_of(mark));
    if (at == mbox.len)
        return (struct bytes){NULL, 0};
    size_t begin = last_of(mbox, at, "\nFrom ");
    begin = begin == mbox.len ? 0 : begin + 1;
    struct bytes rest = bytes_slice(mbox, begin, mbox.len);
    const char *end = memmem(rest.data, rest.len, "\n\nFrom ", 7);
    struct bytes message = end ? bytes_slice(rest, 0, (size_t)(end - rest.data) + 1) : rest;
    if (bytes_start_with_nocase(message, BYTES("From ")))
        message = bytes_slice(message, bytes_find(message, '\n') + 1, message.len);
    return message;
}

/* Of a file that is open. */
static enum mail_folder_result look_into(int file, bool mbox, const char *mark, struct arena *arena,
                                         struct bytes *ret_text)
{
    struct stat status;
    size_t len;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return MAIL_FOLDER_ABSENT;
    char *text = read_tail(file, status.st_size, &len);
    struct bytes found = {text, text ? len : 0};
    if (mbox)
        found = mail_folder_mbox_message(found, mark);
    else if (bytes_find_nocase(found, bytes_of(mark)) == found.len)
        found.len = 0;
    *ret_text = found.len ? arena_bytes(arena, found) : (struct bytes){NULL, 0};
    free(text);
    return ret_text->data ? MAIL_FOLDER_FOUND : MAIL_FOLDER_ABSENT;
}

/* Locked as mail programs do, so that no half message is read. */
static enum mail_folder_result find_in_mbox(const char *path, const char *mark, struct arena *arena,
                                            struct bytes *ret_text, struct error *error)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        error_set(error, "--mailbox: %s: %s", path, strerror(errno));
        return MAIL_FOLDER_FAULT;
    }
    enum mail_folder_result result = MAIL_FOLDER_ABSENT;
    if (fcntl(file, F_SETLK, &lock) == 0)
        result = look_into(file, true, mark, arena, ret_text);
    close(file);
    return result;
}

static enum mail_folder_result find_in_folder(int top, const char *name, const char *mark,
                                              time_t since, struct arena *arena,
                                              struct bytes *ret_text)
{
    enum mail_folder_result result = MAIL_FOLDER_ABSENT;
    int place = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = place < 0 ? NULL : fdopendir(place);
    const struct dirent *entry;
    if (place >= 0 && !folder)
        close(place);
    while (folder && result == MAIL_FOLDER_ABSENT && (entry = readdir(folder))) {
        struct stat status;
        if (entry->d_name[0] == '.' || fstatat(place, entry->d_name, &status, 0) != 0 ||
            !S_ISREG(status.st_mode) || status.st_mtime < since - CLOCK_SLACK ||
            (size_t)status.st_size > TAIL_MAX)
            continue;
        int file = openat(place, entry->d_name, O_RDONLY | O_CLOEXEC);
        if (file < 0)
            continue;
        result = look_into(file, false, mark, arena, ret_text);
        close(file);
    }
    if (folder)
        closedir(folder);
    return result;
}

enum mail_folder_result mail_folder_find(const char *path, const char *mark, time_t since,
                                         struct arena *arena, struct bytes *ret_text,
                                         struct error *error)
{
    struct stat status;
    *ret_text = (struct bytes){NULL, 0};
    if (stat(path, &status) != 0 && errno == ENOENT)
        return MAIL_FOLDER_ABSENT;
    int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0 && errno == ENOTDIR)
        return find_in_mbox(path, mark, arena, ret_text, error);
    if (top < 0) {
        error_set(error, "--mailbox: %s: %s", path, strerror(errno));
        return MAIL_FOLDER_FAULT;
    }
    enum mail_folder_result result = find_in_folder(top, "new", mark, since, arena, ret_text);
    if (result == MAIL_FOLDER_ABSENT)
        result = find_in_folder(top, "cur", mark, since, arena, ret_text);
    close(top);
    return result;
}

bool mail_folder_wait(const char *path, const char *mark, time_t since, long seconds,
                      struct arena *arena, struct bytes *ret_text, struct error *error)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_NANOSECONDS};
    for (int64_t looks = seconds * (1000000000L / PAUSE_NANOSECONDS);; looks--) {
        switch (mail_folder_find(path, mark, since, arena, ret_text, error)) {
        case MAIL_FOLDER_FOUND:
            return true;
        case MAIL_FOLDER_FAULT:
            return false;
        default:
            break;
        }
        if (looks <= 0 || interrupted())
            return error_set(error, "the message was not in %s after %ld s", path, seconds);
        nanosleep(&pause, NULL);
    }
}
