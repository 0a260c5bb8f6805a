/* Commands about Sendmail for a shell, as people are told them. */
#include "ctl/sendmail_command.h"

#include <string.h>

#include "policy/shell.h"

static const char *quoted(struct arena *arena, const char *one, const char *other)
{
    const char *word = arena_printf(arena, "%s%s", one, other);
    return word ? shell_quote(arena, word) : "";
}

const char *sendmail_command_build(struct arena *arena, const struct sendmail_build *build)
{
    const char *slash = strrchr(build->mc, '/');
    struct bytes folder = {build->mc, slash ? (size_t)(slash - build->mc) + 1 : 0};
    const char *from = folder.len ? arena_text(arena, folder) : ".";
    const char *with = "";
    const char *cf = quoted(arena, build->cf, "");
    const char *new = quoted(arena, build->cf, ".new");
    if (build->cf_folder)
        with = arena_printf(arena, "-D_CF_DIR_=%s %s ", quoted(arena, build->cf_folder, "/"),
                            quoted(arena, build->cf_folder, "/m4/cf.m4"));
    /* The copy brings mode and owner. */
    return arena_printf(arena,
                        "{ ! test -e %s || cp -p %s %s; } && (cd %s && m4 %s%s) >%s && mv %s %s",
                        cf, cf, new, quoted(arena, from ? from : "", ""), with ? with : "",
                        quoted(arena, slash ? slash + 1 : build->mc, ""), new, new, cf);
}
