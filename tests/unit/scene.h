/* A folder of a test's own: files in it, plans for them, backups below "state". */
#ifndef TESTS_UNIT_SCENE_H
#define TESTS_UNIT_SCENE_H

#include "ctl/setup/apply.h"
#include "ctl/setup/undo.h"

extern struct arena *scene_arena;

int scene_begin(void **state);
int scene_end(void **state);

/* A path in the folder. */
const char *scene_at(const char *name);
void scene_put(const char *name, const char *text, mode_t mode);

/* text NULL: the file is not there. */
void scene_expect(const char *name, const char *text, mode_t mode);

/* Makes a/b, writes a/b/own (mode 0640) and main. */
struct plan *scene_two_files(const char *main, const char *own);

bool scene_apply(struct plan *plan, struct error *error);
bool scene_undo(bool force, struct plan **ret_plan, struct error *error);

/* Whether a line of the plan has that text. */
bool scene_says(const struct plan *plan, const char *text);

#endif
