/* A file that is there whole or not at all. */
#ifndef CTL_REPORT_OUT_FILE_H
#define CTL_REPORT_OUT_FILE_H

#include <limits.h>
#include <stdio.h>

#include "policy/error.h"

struct out_file {
    FILE *stream;
    const char *path; /* borrowed */
    char draft[PATH_MAX];
};

/* Begins a draft beside path ("-": standard output), of mode 0640 less the umask: people's
 * addresses stand in it. A symbolic link or what is no regular file at path is an error: who may
 * write to the folder could lead it elsewhere. Where the error is set nothing is left behind. */
MUST_CHECK bool out_file_begin(struct out_file *file, const char *path, struct error *error);

/* Puts it in path's place, written to the disk. On error path is as it was. */
MUST_CHECK bool out_file_finish(struct out_file *file, struct error *error);

/* Takes the draft away. */
void out_file_drop(struct out_file *file);

#endif
