/* OpenDKIM beside us: where it listens, and whether it signs. */
#include "ctl/doctor/opendkim.h"

#include <string.h>

#include "ctl/doctor/mend.h"
#include "ctl/doctor/settings_text.h"

bool opendkim_read(struct doctor *doctor, struct opendkim *ret_opendkim)
{
    const char *socket = settings_text_last(doctor, OPENDKIM_CONF, "Socket");
    const char *mode = settings_text_last(doctor, OPENDKIM_CONF, "Mode");
    bool has_keys = settings_text_last(doctor, OPENDKIM_CONF, "KeyFile") ||
                    settings_text_last(doctor, OPENDKIM_CONF, "KeyTable");
    if (!socket)
        return false;
    *ret_opendkim = (struct opendkim){.socket = socket,
                                      .mode = mode ? mode : "sv",
                                      .signs = has_keys && (!mode || strchr(mode, 's'))};
    return true;
}

struct mend opendkim_mend(struct doctor *doctor)
{
    return mend_command(doctor, "sed -i '/^[[:space:]]*mode[[:space:]]/Id' " OPENDKIM_CONF
                                " && printf '\\nMode v\\n' >> " OPENDKIM_CONF
                                " && " SIGNAL_IF_RUNNING("USR1", "opendkim"));
}
