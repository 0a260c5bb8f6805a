/* By digests; where those do not meet, by the lines of the contents that were kept. */
#include "ctl/setup/undo_chain.h"

#include <string.h>

struct walk {
    const struct backup *backup;
    const struct backup_entry *of;
    struct place_file now;
    char digest[BACKUP_DIGEST];
    struct undo_chain chain;
    bool ended;
};

static struct bytes take_line(struct bytes *rest)
{
    size_t end = bytes_find(*rest, '\n');
    struct bytes line = bytes_trim(bytes_slice(*rest, 0, end));
    *rest = bytes_slice(*rest, end + 1, rest->len);
    return line;
}

/* What no MTA reads may stay. */
static bool says_nothing(struct bytes line)
{
    return line.len == 0 || *line.data == '#' || bytes_equal(line, BYTES("dnl")) ||
           bytes_start_with_nocase(line, BYTES("dnl "));
}

static bool has_line(struct bytes text, struct bytes line)
{
    while (text.len)
        if (bytes_equal(take_line(&text), line))
            return true;
    return false;
}

/* Lines that came with the change, and others that name submilter: setup's, changed by somebody. */
static bool has_ours(struct bytes text, struct bytes before, struct bytes after)
{
    while (text.len) {
        struct bytes line = take_line(&text);
        bool ours = has_line(after, line) || bytes_find_nocase(line, BYTES("submilter")) < line.len;
        if (ours && !says_nothing(line) && !has_line(before, line))
            return true;
    }
    return false;
}

static bool is_without_ours(const struct walk *walk, const struct backup_entry *entry,
                            bool *ret_without, struct error *error)
{
    struct place_file at = walk->now;
    struct place_file before;
    struct place_file after;
    *ret_without = false;
    if ((walk->chain.to && !backup_old(walk->backup, walk->chain.to, &at, error)) ||
        !backup_old(walk->backup, entry, &before, error) ||
        !backup_new(walk->backup, entry, &after, error))
        return false;
    if (!at.exists || !entry->existed)
        return true;
    bool removed = strcmp(entry->after, "-") == 0;
    *ret_without =
        removed || (after.exists && !has_ours(at.content, before.content, after.content));
    return true;
}

/* The last first. */
static bool walk_back(struct walk *walk, const struct backup_entry *entry, struct error *error)
{
    if (!entry)
        return true;
    if (!walk_back(walk, entry->next, error))
        return false;
    if (walk->ended || entry->kind != BACKUP_FILE || strcmp(entry->path, walk->of->path) != 0)
        return true;
    bool met = strcmp(walk->digest, entry->after) == 0;
    if (met || strcmp(walk->digest, entry->before) == 0) {
        memcpy(walk->digest, entry->before, BACKUP_DIGEST);
        walk->chain.to = entry;
        return true;
    }
    bool without;
    if (!is_without_ours(walk, entry, &without, error))
        return false;
    walk->ended = true;
    walk->chain.broken = !without;
    return true;
}

bool undo_chain_follow(const struct backup *backup, const struct backup_entry *entries,
                       const struct backup_entry *of, const struct place_file *now,
                       struct undo_chain *ret_chain, struct error *error)
{
    struct walk walk = {.backup = backup, .of = of, .now = *now};
    if (!backup_digest(now, walk.digest))
        return error_set(error, "memory is out");
    *ret_chain = (struct undo_chain){.to = of};
    if (strcmp(walk.digest, of->before) == 0) /* as it was */
        return true;
    if (!walk_back(&walk, entries, error))
        return false;
    *ret_chain = walk.chain;
    if (walk.chain.broken)
        ret_chain->to = NULL;
    return true;
}
