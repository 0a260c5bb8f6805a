/* What an admin has to know of a Sendmail before submilter signs for it. */
#include <string.h>

#include "ctl/setup/sendmail_parts.h"

/* Names and sockets by which filters that sign are known. */
static const char *const signers[] = {"opendkim", "dkim-filter", "dkim-milter", "dkimpy",
                                      "rspamd",   "8891",        "11332",       NULL};

static bool signs(const struct sendmail_filter *filter)
{
    for (size_t i = 0; signers[i]; i++) {
        struct bytes word = bytes_of(signers[i]);
        struct bytes name = bytes_of(filter->name);
        struct bytes endpoint = bytes_of(filter->endpoint);
        if (bytes_find_nocase(name, word) < name.len ||
            bytes_find_nocase(endpoint, word) < endpoint.len)
            return true;
    }
    return false;
}

bool sendmail_has_signer(const struct sendmail_site *site, const char *socket, struct plan *plan)
{
    bool found = false;
    for (size_t i = 0; i < site->cf.filter_count; i++) {
        const struct sendmail_filter *filter = &site->cf.filters[i];
        if (sendmail_cf_same_place(filter->endpoint, socket) || !signs(filter))
            continue;
        found = true;
        plan_say(plan, PLAN_WARNING,
                 "the filter %s (%s) may sign with DKIM already: submilter leaves signing to it "
                 "until you end its signing and take the lines \"dkim\" out of submilter.conf",
                 filter->name, filter->endpoint);
    }
    return found;
}

void sendmail_say_what_to_know(const struct sendmail_site *site, const char *socket,
                               struct plan *plan)
{
    const struct sendmail_cf *cf = &site->cf;
    const struct sendmail_filter *ours = sendmail_cf_ours(cf, socket);
    const char *masquerade = sendmail_cf_macro(cf, "M");
    bool submission = false;
    for (size_t i = 0; i < cf->daemon_count; i++) {
        const struct sendmail_daemon *daemon = &cf->daemons[i];
        submission = submission || sendmail_cf_is_submission(daemon);
        if (daemon->own_filters && !sendmail_cf_is_submission(daemon) &&
            !(ours && sendmail_cf_asks(plan->arena, cf, daemon, ours->name)))
            plan_say(plan, PLAN_NOTE,
                     "the daemon %s (port %d) has a list of filters of its own, without submilter: "
                     "that stays so",
                     daemon->name, daemon->port);
    }
    if (!submission)
        plan_say(plan, PLAN_NOTE,
                 "no daemon takes mail in from users (port 587 or 465, or M=a): submilter watches "
                 "and signs what this host sends, and guards your domains on what comes in");
    if (masquerade && *masquerade)
        plan_say(plan, PLAN_WARNING,
                 "MASQUERADE_AS(%s) changes senders after submilter has signed, and the signature "
                 "is then broken where From was another domain: have clients send as %s, and put "
                 "MASQUERADE_AS into submit.mc for what this host's programs send",
                 masquerade, masquerade);
    if (sendmail_cf_map(cf, "generics"))
        plan_say(plan, PLAN_WARNING,
                 "genericstable changes senders after submilter has signed, and the signature is "
                 "then broken");
}
