/* Records and histories for unit tests. */
#include "history_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/submilter-history.XXXXXX";
static bool folder_there;

char *fixture_record(const char *id, const char *time, const char *action, const char *keys)
{
    char *text;
    if (asprintf(&text,
                 "{\"id\":\"%s\",\"time\":\"%s\",\"queue_id\":\"NOQUEUE\",\"action\":\"%s\",%s"
                 "\"usec\":7}",
                 id, time, action, keys) < 0)
        fail_msg("out of memory");
    return text;
}

const char *fixture_path(const char *name)
{
    static char paths[8][200];
    static unsigned next;
    if (!folder_there && !mkdtemp(folder))
        fail_msg("%s: no folder", folder);
    folder_there = true;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof *paths, "%s/%s", folder, name);
    return path;
}

void fixture_done(void)
{
    DIR *entries = folder_there ? opendir(folder) : NULL;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (!entries)
        return;
    closedir(entries);
    rmdir(folder);
    folder_there = false;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
}

void fixture_write(const char *path, const char *const *lines, size_t count)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s\n", lines[i]);
    assert_int_equal(fclose(file), 0);
}

struct history *fixture_history(const char *const *lines, size_t count)
{
    struct history *history;
    struct error error;
    size_t unreadable;
    const char *path = fixture_path("lines.jsonl");
    fixture_write(path, lines, count);
    if (!history_open_lines(&path, 1, &history, &unreadable, &error))
        fail_msg("%s", error.text);
    assert_int_equal(unreadable, 0);
    return history;
}
