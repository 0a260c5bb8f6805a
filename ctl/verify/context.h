/* One run of `submilterctl verify`. */
#ifndef CTL_VERIFY_CONTEXT_H
#define CTL_VERIFY_CONTEXT_H

#include "ctl/verify/checklist.h"
#include "ctl/verify/password.h"
#include "ctl/verify/session.h"
#include "ctl/verify/verify_options.h"
#include "gate/snapshot.h"

/* Which MTA answers, as far as it says so. */
enum server { SERVER_UNKNOWN, SERVER_POSTFIX, SERVER_SENDMAIL };

struct context {
    const struct verify_options *options;
    const struct snapshot *snapshot;
    struct checklist *list;
    struct arena *arena;
    const char *token; /* random: by it our message is known again */
    struct password password;
    int sent;                   /* messages that the server took */
    struct session_facts facts; /* of the session opened last */
    enum server server;
    bool silent; /* the server has let a whole time-out pass: it is not asked again */
};

#endif
