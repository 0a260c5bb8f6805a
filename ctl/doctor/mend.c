/* Writing commands for a shell. */
#include "ctl/doctor/mend.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/observe.h"
#include "mta/sendmail_build.h"
#include "policy/shell.h"

struct mend mend_command(struct doctor *doctor, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(doctor->arena, format, args);
    va_end(args);
    return (struct mend){text ? text : "", false};
}

struct mend mend_sentence(struct doctor *doctor, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(doctor->arena, format, args);
    va_end(args);
    return (struct mend){text ? text : "", true};
}

const char *mend_quote(struct doctor *doctor, const char *word)
{
    return shell_quote(doctor->arena, word);
}

const char *mend_observe_file(struct doctor *doctor)
{
    const char *slash = strrchr(doctor->config, '/');
    const char *path = arena_printf(doctor->arena, "%.*sconf.d/observe.conf",
                                    slash ? (int)(slash + 1 - doctor->config) : 0, doctor->config);
    return path && access(path, F_OK) == 0 ? path : NULL;
}

struct mend mend_by_setup(struct doctor *doctor, const char *words)
{
    bool enforced = doctor->settings && observe_is_needed(doctor->settings) &&
                    doctor->settings->site.domains.count && !mend_observe_file(doctor);
    return mend_command(doctor, "submilterctl -c %s setup %s --yes%s",
                        mend_quote(doctor, doctor->config), words, enforced ? " --enforce" : "");
}

const char *mend_postfix_setup(struct doctor *doctor)
{
    const char *words = doctor->postfix_config
                            ? arena_printf(doctor->arena, "postfix --postfix-config %s",
                                           mend_quote(doctor, doctor->postfix_config))
                            : "postfix";
    return words ? words : "postfix";
}

const char *mend_sendmail_setup(struct doctor *doctor)
{
    const char *cf = doctor->sendmail_config;
    const char *mc = cf ? sendmail_build_mc_of(doctor->arena, cf) : NULL;
    const char *words = mc ? arena_printf(doctor->arena, "sendmail --mc %s --cf %s",
                                          mend_quote(doctor, mc), mend_quote(doctor, cf))
                           : NULL;
    return words ? words : "sendmail";
}

const char *mend_postfix_option(struct doctor *doctor)
{
    if (!doctor->postfix_config)
        return "";
    const char *option =
        arena_printf(doctor->arena, " -c %s", mend_quote(doctor, doctor->postfix_config));
    return option ? option : "";
}

struct mend mend_main_cf(struct doctor *doctor, const char *name, const char *value)
{
    const char *option = mend_postfix_option(doctor);
    const char *setting = arena_printf(doctor->arena, "%s = %s", name, value);
    return mend_command(doctor, "postconf%s -e %s && postfix%s reload", option,
                        mend_quote(doctor, setting ? setting : ""), option);
}

struct mend mend_where_set(struct doctor *doctor, const struct postfix_service *service,
                           const char *name, const char *value)
{
    return service && postfix_service_own(service, name)
               ? mend_service(doctor, service, name, value)
               : mend_main_cf(doctor, name, value);
}

/* postconf -P takes no value with blanks: that goes through a name in main.cf. */
struct mend mend_service(struct doctor *doctor, const struct postfix_service *service,
                         const char *name, const char *value)
{
    const char *option = mend_postfix_option(doctor);
    bool blanks = strpbrk(value, " \t{}") != NULL;
    const char *variable = postfix_service_variable(doctor->arena, service, name);
    const char *use = arena_printf(doctor->arena, "%s/%s/%s=%s%s", service->name, service->type,
                                   name, blanks ? "$" : "", blanks ? variable : value);
    const char *quoted = mend_quote(doctor, use ? use : "");
    if (!blanks)
        return mend_command(doctor, "postconf%s -P %s && postfix%s reload", option, quoted, option);
    const char *setting = arena_printf(doctor->arena, "%s = %s", variable, value);
    return mend_command(doctor, "postconf%s -e %s && postconf%s -P %s && postfix%s reload", option,
                        mend_quote(doctor, setting ? setting : ""), option, quoted, option);
}

struct mend mend_drop_override(struct doctor *doctor, const struct postfix_service *service,
                               const char *name)
{
    const char *option = mend_postfix_option(doctor);
    const char *setting =
        arena_printf(doctor->arena, "%s/%s/%s", service->name, service->type, name);
    return mend_command(doctor, "postconf%s -PX %s && postfix%s reload", option,
                        mend_quote(doctor, setting ? setting : ""), option);
}
