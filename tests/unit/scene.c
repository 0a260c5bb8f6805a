/* A folder with files, a plan for them, and its backups. */
#include "tests/unit/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "mta/program.h"

struct arena *scene_arena;
static char folder[64];
static const struct plan_access plain = {.mode = 0644};

const char *scene_at(const char *name)
{
    return arena_printf(scene_arena, "%s/%s", folder, name);
}

void scene_put(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(scene_at(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(scene_at(name), mode), 0);
}

void scene_expect(const char *name, const char *text, mode_t mode)
{
    struct place_file file;
    struct error error;
    assert_true(place_read(scene_arena, scene_at(name), &file, &error));
    assert_int_equal(file.exists, text != NULL);
    if (!text)
        return;
    assert_string_equal(arena_text(scene_arena, file.content), text);
    assert_int_equal(file.mode, mode);
}

bool scene_apply(struct plan *plan, struct error *error)
{
    struct backup backup;
    if (!backup_open(scene_arena, scene_at("state"), "test", &backup, error))
        return false;
    bool done = apply_plan(plan, &backup, true, error);
    backup_close(&backup);
    return done;
}

bool scene_undo(bool force, struct plan **ret_plan, struct error *error)
{
    struct backup backup;
    *ret_plan = plan_new(scene_arena, "test");
    assert_true(backup_open(scene_arena, scene_at("state"), "test", &backup, error));
    const struct undo_wanted wanted = {.force = force};
    bool done = undo_plan(*ret_plan, &backup, &wanted, error) &&
                apply_plan(*ret_plan, &backup, false, error) && backup_cut(&backup, 0, error);
    backup_close(&backup);
    return done;
}

struct plan *scene_two_files(const char *main, const char *own)
{
    struct plan *plan = plan_new(scene_arena, "test");
    plan_folder(plan, scene_at("a/b"), (struct plan_access){.mode = 0750});
    plan_file(plan, scene_at("a/b/own"), bytes_of(own), (struct plan_access){.mode = 0640});
    plan_file(plan, scene_at("main"), bytes_of(main), plain);
    return plan;
}

int scene_begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/submilter-plan-XXXXXX");
    scene_arena = arena_new((size_t)64 * 1024 * 1024);
    return scene_arena && mkdtemp(folder) ? 0 : -1;
}

int scene_end(void **state)
{
    (void)state;
    const char *const argv[] = {"rm", "-r", folder, NULL};
    struct program_output output;
    struct error error;
    bool removed = program_must_run(scene_arena, argv, 60, &output, &error);
    arena_free(scene_arena);
    return removed ? 0 : -1;
}

bool scene_says(const struct plan *plan, const char *text)
{
    for (const struct plan_line *line = plan->lines; line; line = line->next)
        if (strstr(line->text, text))
            return true;
    return false;
}
