/* Other programs' settings, line by line. */
#include "ctl/doctor/settings_text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static struct bytes value_of(const char *line, const char *name)
{
    size_t len = strlen(name);
    line += strspn(line, " \t");
    if (strncasecmp(line, name, len) != 0 || !strchr(" \t=:", line[len]))
        return (struct bytes){NULL, 0};
    line += len;
    line += strspn(line, " \t");
    if (*line == '=')
        line += 1 + strspn(line + 1, " \t");
    line += *line == '"' || *line == '\'';
    return (struct bytes){line, strcspn(line, " \t\r\n;\"'#")};
}

const char *settings_text_last(struct doctor *doctor, const char *path, const char *name)
{
    char line[2048];
    const char *found = NULL;
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        struct bytes value = value_of(line, name);
        if (value.len)
            found = arena_text(doctor->arena, value);
    }
    if (file)
        fclose(file);
    return found;
}

bool settings_text_has(const char *path, const char *text)
{
    char line[2048];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = line[strspn(line, " \t")] != '#' && strstr(line, text);
    if (file)
        fclose(file);
    return found;
}
