/* The result of `submilterctl replay`, for people and for programs. */
#ifndef CTL_REPLAY_SHOW_H
#define CTL_REPLAY_SHOW_H

#include "ctl/replay/differences.h"

struct show_replay {
    struct differences *differences;
    const char *config;   /* the candidate's path */
    const char *hash;     /* its hash, as records have it */
    int64_t since, until; /* as they were asked for; 0: open */
};

/* False: out could not be written, or memory is out. */
MUST_CHECK bool show_replay_text(const struct show_replay *show, FILE *out, struct error *error);
MUST_CHECK bool show_replay_json(const struct show_replay *show, FILE *out, struct error *error);

#endif
