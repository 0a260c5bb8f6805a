/* What enforce and observe would change: the texts of the configuration's files, loaded and checked
 * as they would be, and for whom which rule's mode becomes another. */
#ifndef CTL_ENFORCE_CHANGE_H
#define CTL_ENFORCE_CHANGE_H

#include "conf/files.h"
#include "conf/modes.h"

struct change_wanted {
    const char *config;
    enum mode mode;     /* MODE_ENFORCE or MODE_OBSERVE */
    const char *action; /* NULL: as it is */
    const char *policy; /* NULL: every one that has to change */
    const char *group;  /* of users: says it for that one and not for policies; NULL: none */
    enum rule_id rules[RULE_COUNT];
    size_t rule_count;
};

struct change_row { /* what becomes of one rule for one policy or group of users */
    enum rule_id rule;
    struct mode_row before;
    struct mode_row after;
};

struct change {
    struct settings *before, *after; /* to be given back with change_done */
    const struct file *old;          /* the configuration's files as they are */
    struct file *files;              /* and as they are to be */
    size_t file_count;
    struct change_row *rows; /* for each policy and group where it becomes another */
    size_t row_count;
    struct change_row *stays; /* groups of users that say otherwise, and go on so */
    size_t stay_count;
};

/* All of it in the arena but the settings. False where nothing may be changed: the configuration
 * does not load as it is or as it would be, a name in it is wrong, or a file cannot be edited. */
MUST_CHECK bool change_prepare(struct arena *arena, const struct change_wanted *wanted,
                               struct change *ret_change, struct error *error);
void change_done(struct change *edit);

#endif
