/* Other programs that sign what leaves, known by where Postfix hands mail to and by their own
 * configuration, which lies beside Postfix's. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "ctl/setup/postfix_parts.h"
#include "dkim/our_command.h"

static const char *etc_file(const struct postfix *postfix, struct arena *arena, const char *name)
{
    const char *etc = place_folder_of(arena, postfix->config);
    return etc ? arena_printf(arena, "%s/%s", etc, name) : NULL;
}

/* Whether a line of the file begins with the key and has the value behind it, blanks and case
 * aside; comments do not count. */
static bool says(struct arena *arena, const char *path, const char *key, const char *value)
{
    struct place_file file;
    struct error error;
    if (!path || !place_read(arena, path, &file, &error) || !file.exists)
        return false;
    struct bytes text = file.content;
    while (text.len) {
        size_t end = bytes_find(text, '\n');
        struct bytes line = bytes_trim(bytes_slice(text, 0, end));
        text = bytes_slice(text, end + 1, text.len);
        if (!bytes_start_with_nocase(line, bytes_of(key)))
            continue;
        line = bytes_slice(line, strlen(key), bytes_find(line, '#'));
        if (bytes_find_nocase(line, bytes_of(value)) < line.len)
            return true;
    }
    return false;
}

static bool exists(struct arena *arena, const char *path)
{
    struct place_file file;
    struct error error;
    return path && place_read(arena, path, &file, &error) && file.exists;
}

static bool opendkim_signs(const struct postfix *postfix, struct arena *arena)
{
    const char *path = etc_file(postfix, arena, "opendkim.conf");
    bool has_mode = says(arena, path, "Mode", "");
    return !has_mode || says(arena, path, "Mode", "s"); /* its default is "sv" */
}

static bool rspamd_signs(const struct postfix *postfix, struct arena *arena)
{
    const char *local = etc_file(postfix, arena, "rspamd/local.d/dkim_signing.conf");
    const char *override = etc_file(postfix, arena, "rspamd/override.d/dkim_signing.conf");
    if (says(arena, override, "enabled", "false") || says(arena, local, "enabled", "false"))
        return false;
    return exists(arena, local) || exists(arena, override);
}

static bool amavis_signs(const struct postfix *postfix, struct arena *arena)
{
    static const char *const files[] = {"amavisd.conf", "amavisd/amavisd.conf"};
    const char *folder = etc_file(postfix, arena, "amavis/conf.d");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (says(arena, etc_file(postfix, arena, files[i]), "$enable_dkim_signing", "1"))
            return true;
    DIR *open = folder ? opendir(folder) : NULL;
    bool signs = false;
    for (struct dirent *entry = open ? readdir(open) : NULL; entry && !signs; entry = readdir(open))
        if (entry->d_name[0] != '.')
            signs = says(arena, arena_printf(arena, "%s/%s", folder, entry->d_name),
                         "$enable_dkim_signing", "1");
    if (open)
        closedir(open);
    return signs;
}

static bool always(const struct postfix *postfix, struct arena *arena)
{
    (void)postfix;
    (void)arena;
    return true;
}

static const struct signer {
    const char *name;
    const char *parameters[3]; /* where Postfix names it */
    const char *marks[4];      /* any of these in its value */
    bool (*signs)(const struct postfix *postfix, struct arena *arena);
    const char *stop; /* how the admin ends it */
} signers[] = {
    {"OpenDKIM",
     {"smtpd_milters", "non_smtpd_milters"},
     {"opendkim", ":8891", ":12301"},
     opendkim_signs,
     "\"Mode v\" in opendkim.conf"},
    {"rspamd",
     {"smtpd_milters", "non_smtpd_milters"},
     {"rspamd", ":11332"},
     rspamd_signs,
     "\"enabled = false;\" in rspamd's local.d/dkim_signing.conf"},
    {"dkimpy-milter",
     {"smtpd_milters", "non_smtpd_milters"},
     {"dkimpy", ":8892"},
     always,
     "\"Mode v\" in dkimpy-milter.conf"},
    {"amavis",
     {"content_filter", "smtpd_proxy_filter"},
     {"amavis", ":10024", ":10026"},
     amavis_signs,
     "\"$enable_dkim_signing = 0;\" in amavis' configuration"},
    {"dkimproxy",
     {"content_filter", "smtpd_proxy_filter"},
     {"dksign", "dkimproxy", ":10028"},
     always,
     "its content_filter taken out of Postfix's configuration"},
};

static bool names_it(const struct signer *signer, const char *value)
{
    for (size_t i = 0; i < sizeof signer->marks / sizeof *signer->marks && signer->marks[i]; i++)
        if (strstr(value, signer->marks[i]))
            return true;
    return false;
}

static bool is_used(const struct postfix *postfix, const struct signer *signer)
{
    for (size_t i = 0; signer->parameters[i]; i++) {
        if (names_it(signer, postfix_value(postfix, signer->parameters[i])))
            return true;
        for (size_t j = 0; j < postfix->service_count; j++)
            if (names_it(signer, postfix_service_value(postfix, &postfix->services[j],
                                                       signer->parameters[i])))
                return true;
    }
    return false;
}

bool postfix_has_signer(const struct postfix *postfix, struct plan *plan)
{
    bool found = false;
    for (size_t i = 0; i < sizeof signers / sizeof *signers; i++) {
        const struct signer *signer = &signers[i];
        if (!is_used(postfix, signer) || !signer->signs(postfix, plan->arena))
            continue;
        found = true;
        plan_say(
            plan, PLAN_WARNING,
            "%s signs already: submilter makes no keys and leaves signing to it (dkim: { mode "
            "= \"off\"; }). To change over: make keys with %s key new, publish "
            "them, end the other's signing by %s, and take the lines dkim: { mode = \"off\"; } "
            "out of submilter.conf, at once",
            signer->name, our_command(), signer->stop);
    }
    return found;
}
