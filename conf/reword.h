/* Saying otherwise, in the file that says it, what mode or action a rule has. */
#ifndef CONF_REWORD_H
#define CONF_REWORD_H

#include "conf/files.h"
#include "conf/settings.h"

struct reword {
    const char *policy; /* or NULL: of the group of users */
    const char *group;
    enum rule_id rule;
    const char *key;  /* "mode" or "action" */
    const char *word; /* for "mode", "enforce" becomes the rule's own word where one stands below */
};

/* Changes the text of one of the files, which are those of `settings` (in the arena, as files_read
 * gives them; several changes may follow each other): the value where it is said last, so that it
 * holds; else a new one, in the file that says most of what it belongs to, the main file before
 * those of conf.d, and conf.d/observe.conf (which setup takes out one day) after all others.
 *
 * False where that cannot be done safely; the error says what to write, and where. */
MUST_CHECK bool reword_files(struct arena *arena, const struct settings *settings,
                             struct file *files, size_t count, const struct reword *reword,
                             struct error *error);

#endif
