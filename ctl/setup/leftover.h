/* An MTA that asks submilter though no setup of it is written down. */
#ifndef CTL_SETUP_LEFTOVER_H
#define CTL_SETUP_LEFTOVER_H

#include "ctl/setup/backup.h"

/* For an undo that has nothing to undo. place: Postfix's folder, or Sendmail's .mc. An error where
 * one of the MTA's files hooks submilter in; it names the manifests that there are. */
MUST_CHECK bool leftover_check(const struct backup *backup, const char *place, struct error *error);

#endif
