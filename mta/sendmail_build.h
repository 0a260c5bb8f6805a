/* Making a .cf of a .mc, and asking Sendmail what it thinks of it, beside the files in use. */
#ifndef MTA_SENDMAIL_BUILD_H
#define MTA_SENDMAIL_BUILD_H

#include "mta/sendmail_mc.h"

struct sendmail_build {
    const char *mc;
    const char *cf;
    const char *cf_folder; /* of m4/cf.m4; NULL: the .mc includes it itself */
    const char *program;   /* Sendmail */
};

/* What the options gave, and where they are NULL what this host has. mc: the .mc file's content as
 * it is now. */
MUST_CHECK bool sendmail_build_find(struct arena *arena, const struct sendmail_mc *mc,
                                    struct sendmail_build *build, struct error *error);

/* What m4 makes of this .mc text. */
MUST_CHECK bool sendmail_build_make(struct arena *arena, const struct sendmail_build *build,
                                    struct bytes mc, struct bytes *ret_cf, struct error *error);

/* Sendmail reads this .cf text; its complaint is the error. ret_host: $j, this host's name as it
 * sees it, "" where it does not say. */
MUST_CHECK bool sendmail_build_check(struct arena *arena, const struct sendmail_build *build,
                                     struct bytes cf, const char **ret_host, struct error *error);

/* Whether two .cf texts say the same: comments and empty lines don't count. The first line in which
 * they differ comes back: of `made`, or of `found` where `made` has ended; NULL when memory is out.
 */
bool sendmail_build_same(struct arena *arena, struct bytes made, struct bytes found,
                         const char **ret_line);

/* The .cf that belongs to a .mc, and the other way round: sendmail.mc and sendmail.cf. */
const char *sendmail_build_cf_of(struct arena *arena, const char *mc);
const char *sendmail_build_mc_of(struct arena *arena, const char *cf);

#endif
