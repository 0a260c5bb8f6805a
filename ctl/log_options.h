/* What `submilterctl log` is asked for. */
#ifndef CTL_LOG_OPTIONS_H
#define CTL_LOG_OPTIONS_H

#include "ctl/source.h"
#include "history/filter.h"

struct log_options {
    struct source_options source;
    struct history_filter filter; /* since and until too; its texts live as long as argv */
    bool follow;
    bool json;
};

extern const char log_options_help[];

/* False: EX_USAGE is due; error has a sentence, or none where getopt has said it. */
MUST_CHECK bool log_options_read(int argc, char **argv, struct log_options *ret_options,
                                 struct error *error);

#endif
