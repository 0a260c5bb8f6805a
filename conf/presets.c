/* The built-in policies, as data. */
#include "conf/presets.h"

#include <string.h>

const char *const builtin_policies[] = {"submission", "local", "inbound", NULL};

const struct preset presets[] = {
    {"submission", "display_name", "mode", "\"observe\""},
    {"submission", "message_id", "mode", "\"add\""},
    {"submission", "privacy", "mode", "\"off\""},
    {"submission", "local_spoof", "mode", "\"off\""},
    {"submission", "limits", "mode", "\"observe\""},
    {"submission", "many_networks", "mode", "\"observe\""},
    {"submission", "new_network", "mode", "\"observe\""},
    {"submission", "many_refusals", "mode", "\"observe\""},
    {"submission", "new_client", "mode", "\"observe\""},
    {"submission", "night_burst", "mode", "\"observe\""},
    /* sendmail(1) and web applications on this host: nobody logs in */
    {"local", "tls", "mode", "\"off\""},
    {"local", "auth", "mode", "\"off\""},
    {"local", "envelope", "mode", "\"off\""},
    /* Postfix defers a whole message of sendmail(1) for one recipient refused at RCPT */
    {"local", "recipients", "mode", "\"off\""},
    {"local", "limits", "mode", "\"observe\""},
    {"local", "limits", "each_recipient", "false"},
    {"local", "from", "owner", "\"domains\""},
    {"local", "sender", "mode", "\"off\""},
    {"local", "display_name", "mode", "\"observe\""},
    {"local", "message_id", "mode", "\"add\""},
    {"local", "privacy", "mode", "\"off\""},
    {"local", "local_spoof", "mode", "\"off\""},
    /* signs are of a login */
    {"local", "many_networks", "mode", "\"off\""},
    {"local", "new_network", "mode", "\"off\""},
    {"local", "many_refusals", "mode", "\"off\""},
    {"local", "new_client", "mode", "\"off\""},
    {"local", "night_burst", "mode", "\"off\""},
    /* mail from elsewhere: only our own name is guarded */
    {"inbound", "*", "mode", "\"off\""},
    {"inbound", "local_spoof", "mode", "\"enforce\""},
    /* what an admin froze stays frozen */
    {"inbound", "login_state", "mode", "\"enforce\""},
};
const size_t preset_count = sizeof presets / sizeof *presets;

const char *preset_find(const char *policy, const char *rule, const char *key)
{
    const char *every = NULL;
    for (size_t i = 0; i < preset_count; i++) {
        if (strcmp(presets[i].policy, policy) != 0 || strcmp(presets[i].key, key) != 0)
            continue;
        if (strcmp(presets[i].rule, rule) == 0)
            return presets[i].value;
        if (strcmp(presets[i].rule, "*") == 0)
            every = presets[i].value;
    }
    return every;
}
