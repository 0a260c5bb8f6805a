/* Alternate screen, raw keys, and the signals of a terminal. */
#include "ctl/top/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ctl/progress.h"

static volatile sig_atomic_t resized, stopped;
static bool ours, keys;
static struct termios before;

static void on_resize(int signal)
{
    (void)signal;
    resized = 1;
}

static void on_stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static void put(const char *codes)
{
    fputs(codes, stdout);
    fflush(stdout);
}

static void take_over(void)
{
    struct termios raw;
    keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (keys) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: Ctrl-C and Ctrl-Z are signals */
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    put("\x1b[?1049h\x1b[?25l");
    ours = true;
}

static void give_back(void)
{
    if (!ours)
        return;
    put("\x1b[?25h\x1b[?1049l");
    if (keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    ours = false;
}

bool screen_begin(void)
{
    const char *term = getenv("TERM");
    struct sigaction action = {.sa_handler = on_resize};
    struct sigaction stop = {.sa_handler = on_stop}, old;
    if (!isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0)
        return false;
    sigaction(SIGWINCH, &action, NULL);
    if (sigaction(SIGTSTP, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction(SIGTSTP, &stop, NULL);
    take_over();
    return true;
}

void screen_end(void)
{
    give_back();
}

bool screen_size(unsigned *ret_width, unsigned *ret_height)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row)
        return false;
    *ret_width = size.ws_col;
    *ret_height = size.ws_row;
    return true;
}

void screen_show(const char *lines, size_t len)
{
    fputs("\x1b[H", stdout);
    fwrite(lines, 1, len, stdout);
    put("\x1b[J");
}

/* Ctrl-Z: the shell gets its screen, and we ours again when it lets us go on. */
static void pause_for_shell(void)
{
    stopped = 0;
    give_back();
    raise(SIGSTOP);
    take_over();
}

static bool quit_pressed(void)
{
    char pressed[64];
    ssize_t len = read(STDIN_FILENO, pressed, sizeof pressed);
    if (len == 0 || (len < 0 && errno != EINTR && errno != EAGAIN))
        keys = false; /* nobody is there to press any */
    for (ssize_t i = 0; i < len; i++)
        if (pressed[i] == 'q' || pressed[i] == 'Q')
            return true;
    return false;
}

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Signals are let in only while it waits, so that none is missed between looking and waiting. */
static int poll_key(int milliseconds)
{
    sigset_t ends, old;
    struct pollfd key = {.fd = keys ? STDIN_FILENO : -1, .events = POLLIN};
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    int ready = -1;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigaddset(&ends, SIGTSTP);
    sigaddset(&ends, SIGWINCH);
    sigprocmask(SIG_BLOCK, &ends, &old);
    if (!progress_interrupted() && !resized && !stopped)
        ready = ppoll(&key, 1, &time, &old);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return ready;
}

enum screen_event screen_wait(int milliseconds)
{
    int64_t end = clock_ms() + milliseconds, left;
    while ((left = end - clock_ms()) > 0) {
        int ready = poll_key((int)left);
        if (progress_interrupted() || (ready > 0 && quit_pressed()))
            return SCREEN_QUIT;
        if (stopped) {
            pause_for_shell();
            return SCREEN_RESIZE;
        }
        if (resized) {
            resized = 0;
            return SCREEN_RESIZE;
        }
    }
    return SCREEN_TIME;
}
