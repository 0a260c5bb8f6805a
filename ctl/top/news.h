/* Where top's rows come from: the history, or files of JSON lines that grow. */
#ifndef CTL_TOP_NEWS_H
#define CTL_TOP_NEWS_H

#include "ctl/source.h"
#include "ctl/tail.h"
#include "ctl/top/window.h"

struct news {
    const struct source_place *place;
    int64_t after;  /* of a database: the last row that was read */
    int64_t newest; /* of lines: the time of the newest record */
    int64_t known;  /* of lines: all up to there were read at the begin */
    struct tail tails[SOURCE_FILES_MAX];
    size_t tail_count;
};

/* Reads the last hour into the window. place must outlive it. */
MUST_CHECK bool news_begin(struct news *news, const struct source_place *place,
                           struct window *window, struct error *error);

/* Reads what has come since. The history is open only meanwhile: between two looks nothing holds
 * up the daemon, and a history that was begun anew is found. */
MUST_CHECK bool news_more(struct news *news, struct window *window, struct error *error);
void news_end(struct news *news);

/* The moment that "the last hour" counts from: now, or the end of files that are older. */
int64_t news_now(const struct news *news);

#endif
