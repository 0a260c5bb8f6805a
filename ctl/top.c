/* submilterctl top: what is decided just now. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/progress.h"
#include "ctl/report/report.h"
#include "ctl/source.h"
#include "ctl/top/frame.h"
#include "ctl/top/news.h"
#include "ctl/top/screen.h"

#define INTERVAL 2
#define INTERVAL_MAX 3600
#define ROWS_MAX 500000

struct top {
    struct source_options source;
    struct source_place place;
    struct window *window;
    struct news news;
    int interval; /* seconds */
    int64_t now;
    struct error fault; /* why the last look found nothing; no text: it did */
};

enum { INTERVAL_OPTION = 1 };

static bool read_interval(const char *text, int *ret_interval, struct error *error)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || number < 1 || number > INTERVAL_MAX)
        return error_set(error, "--interval: expected seconds from 1 to %d, found \"%s\"",
                         INTERVAL_MAX, text);
    *ret_interval = (int)number;
    return true;
}

static bool read_options(int argc, char **argv, struct top *top, struct error *error)
{
    static const struct option long_options[] = {
        {"file", required_argument, NULL, SOURCE_FILE},
        {"interval", required_argument, NULL, INTERVAL_OPTION},
        {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == '?' || source_option(option, optarg, &top->source, error) < 0)
            return false;
        if (option == INTERVAL_OPTION && !read_interval(optarg, &top->interval, error))
            return false;
    }
    return optind == argc || error_set(error, "\"%s\": top takes options only", argv[optind]);
}

static void draw(const struct top *top, const struct report_look *look_now, unsigned height,
                 const char *hint, const char *line_end, FILE *out)
{
    const struct frame frame = {.window = top->window,
                                .look = look_now,
                                .now = top->now,
                                .height = height,
                                .message = *top->fault.text ? top->fault.text : NULL,
                                .hint = hint};
    frame_write(&frame, line_end, out);
}

/* The length of so many lines without the last one's end, which would scroll. */
static size_t up_to_line(const char *lines, unsigned height)
{
    const char *end = lines;
    for (const char *next = strstr(lines, "\r\n"); next && height; height--) {
        end = next;
        next = strstr(next + 2, "\r\n");
    }
    return (size_t)(end - lines);
}

static void show(const struct top *top)
{
    struct report_look look_now;
    unsigned height = 24;
    char *lines = NULL, hint[60];
    size_t len = 0;
    report_look_at(stdout, &look_now);
    (void)screen_size(&look_now.width, &height);
    FILE *memory = open_memstream(&lines, &len);
    if (!memory)
        return;
    snprintf(hint, sizeof hint, "every %d s, q ends", top->interval);
    draw(top, &look_now, height, hint, "\x1b[K\r\n", memory);
    if (fclose(memory) == 0)
        screen_show(lines, up_to_line(lines, height));
    free(lines);
}

static void forget_old(struct top *top)
{
    top->now = news_now(&top->news);
    window_move(top->window, top->now);
}

/* A fault that comes later is shown: it may pass. */
static void look(struct top *top)
{
    struct error fault = {0};
    top->fault.text[0] = '\0';
    if (!news_more(&top->news, top->window, &fault))
        top->fault = fault;
    forget_old(top);
}

/* Until somebody ends it. */
static int live(struct top *top)
{
    enum screen_event event = SCREEN_RESIZE;
    while (event != SCREEN_QUIT) {
        if (event == SCREEN_TIME)
            look(top);
        if (progress_interrupted())
            break;
        show(top);
        event = screen_wait(top->interval * 1000);
    }
    screen_end();
    clearerr(stdout); /* what a signal cut short was drawn anew */
    return 0;         /* a signal is how it is meant to end, too */
}

static int run(const char *config, int argc, char **argv)
{
    static struct top top;
    struct error error = {0};
    struct report_look look_now;
    top = (struct top){.interval = INTERVAL};
    if (!read_options(argc, argv, &top, &error))
        return *error.text ? command_complain(&error, EX_USAGE) : EX_USAGE;
    if (!source_find(config, &top.source, &top.place, &error))
        return command_complain(&error, EX_CONFIG);
    top.window = window_new(ROWS_MAX);
    if (!top.window)
        return EX_OSERR;
    int status = 0;
    if (!news_begin(&top.news, &top.place, top.window, &error)) {
        window_free(top.window);
        return source_complain(&error, EX_NOINPUT);
    }
    forget_old(&top);
    if (screen_begin()) {
        status = live(&top);
    } else {
        report_look_at(stdout, &look_now);
        draw(&top, &look_now, 0, NULL, "\n", stdout);
    }
    news_end(&top.news);
    window_free(top.window);
    return status;
}

const struct command command_top = {
    .name = "top",
    .arguments = "[--interval SECONDS] [--file FILE]...",
    .summary = "what is decided just now, refreshed in place; q or Ctrl-C ends it",
    .options = "  --interval SECONDS  between two looks; 2 without\n"
               "  --file FILE         records as JSON lines (log.json) instead of the history: the "
               "last hour in\n"
               "                      them; may be repeated; -: standard input\n",
    .run = run,
};
