/* What every look-back command takes: a stretch of time and where the records are. */
#ifndef CTL_SOURCE_H
#define CTL_SOURCE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/error.h"

struct history;

#define SOURCE_FILES_MAX 16

struct source_options {
    const char
        *files[SOURCE_FILES_MAX]; /* JSON lines instead of the history; "-": standard input */
    size_t file_count;
    int64_t since, until; /* milliseconds since 1970; 0: open */
};

/* Values of getopt_long's options; a command's own begin elsewhere (characters, or small numbers).
 */
enum { SOURCE_SINCE = 0x7f01, SOURCE_UNTIL, SOURCE_FILE };

/* For the command's own array of struct option. */
#define SOURCE_LONG_OPTIONS                                                                        \
    {"since", required_argument, NULL, SOURCE_SINCE},                                              \
        {"until", required_argument, NULL, SOURCE_UNTIL},                                          \
    {                                                                                              \
        "file", required_argument, NULL, SOURCE_FILE                                               \
    }

/* For the command's usage and its --help. */
#define SOURCE_ARGUMENTS "[--since TIME] [--until TIME] [--file FILE]..."
#define SOURCE_HELP                                                                                \
    "  --since TIME      from then on: 2h, 7d, today, yesterday, 14:00, 2026-11-20,\n"             \
    "                    \"2026-11-20 14:00\", 2026-11-20T14:00:00Z\n"                             \
    "  --until TIME      before then\n"                                                            \
    "  --file FILE       records as JSON lines (log.json) instead of the history; may be\n"        \
    "                    repeated; -: standard input\n"

/* Takes one option that getopt_long returned. 1: it was one of these; 0: it is the command's own;
 * -1: its argument is wrong, see error (EX_USAGE is due). Texts are borrowed. */
MUST_CHECK int source_option(int option, const char *argument, struct source_options *options,
                             struct error *error);

/* The last days, before now or --until, are what a command looks at that was told no --since. */
void source_default_since(struct source_options *options, int days);

/* Where the records come from. */
struct source_place {
    bool lines;                          /* JSON lines, not the database */
    const char *paths[SOURCE_FILES_MAX]; /* they live as long as this struct and the options */
    size_t count;
    char path[PATH_MAX]; /* the configuration's */
    char json[PATH_MAX]; /* the configuration's log.json, where that is not what is read; or "" */
};

/* --file, else the configuration's history.file, else its log.json. Where there is neither, the
 * error says so (EX_CONFIG). */
MUST_CHECK bool source_find(const char *config, const struct source_options *options,
                            struct source_place *ret_place, struct error *error);

/* Opens it for reading; INT, TERM and HUP end its questions from then on (progress_catch). Lines
 * that are no records are counted on standard error. */
MUST_CHECK bool source_open_place(const struct source_place *place, struct history **ret_history,
                                  struct error *error);

/* Both in one. */
MUST_CHECK bool source_open(const char *config, const struct source_options *options,
                            struct history **ret_history, struct error *error);

/* Behind the error of a database or a file that could not be opened: what to do about it. json: a
 * file of records that has them too, or "". */
void source_advise(const char *path, const char *json, struct error *error);

/* NULL is taken. */
void source_close(struct history *history);

/* What a command returns when opening or a question failed: says the error and returns status, or,
 * where a signal was the cause, says that and returns progress_status(). */
int source_complain(const struct error *error, int status);

#endif
