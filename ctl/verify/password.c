/* Asking for a password. */
#include "ctl/verify/password.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "policy/shell.h"

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

void password_wipe(struct password *password)
{
    explicit_bzero(password, sizeof *password);
}

/* Byte by byte: what stands behind the line is not ours. until: the signals that may end the wait.
 */
static bool read_line(int from, const sigset_t *until, struct password *password)
{
    size_t len = 0;
    for (;;) {
        char byte;
        struct pollfd place = {.fd = from, .events = POLLIN};
        if (until && ppoll(&place, 1, NULL, until) < 0 && caught)
            return false;
        ssize_t got = read(from, &byte, 1);
        if (got < 0 && errno == EINTR && !caught)
            continue;
        if (got < 0 || len + 1 == sizeof password->text)
            return false;
        if (got == 0 || byte == '\n')
            break;
        password->text[len++] = byte;
    }
    if (len && password->text[len - 1] == '\r')
        len--;
    password->text[len] = '\0';
    return strlen(password->text) == len;
}

static const int ending[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
#define ENDING (sizeof ending / sizeof *ending)

/* Signals come only while it is waited for a key, so that none is lost and the terminal never stays
 * dumb. What the caller ignores (nohup, a shell's background) stays ignored. */
static bool read_hidden(int terminal, struct password *password)
{
    struct sigaction catching = {.sa_handler = catch}, before[ENDING];
    struct termios shown, hidden;
    sigset_t blocked, old;
    if (tcgetattr(terminal, &shown) != 0)
        return false;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTSTP);
    for (size_t i = 0; i < ENDING; i++)
        sigaddset(&blocked, ending[i]);
    sigprocmask(SIG_BLOCK, &blocked, &old);
    for (size_t i = 0; i < ENDING; i++)
        if (sigaction(ending[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            sigaction(ending[i], &catching, NULL);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    hidden.c_lflag |= ICANON | ECHONL;
    tcsetattr(terminal, TCSAFLUSH, &hidden);
    sigset_t until = old;
    sigaddset(&until, SIGTSTP);
    bool read = read_line(terminal, &until, password);
    tcsetattr(terminal, TCSAFLUSH, &shown);
    for (size_t i = 0; i < ENDING; i++)
        sigaction(ending[i], &before[i], NULL);
    if (caught)
        raise(caught);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return read;
}

static bool ask(const char *login, struct password *password, struct error *error)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0)
        return error_set(error, "there is no terminal to ask for the password on: name a file that "
                                "holds it with --password-file, or - for standard input");
    dprintf(terminal, "Password of %s: ", login);
    bool read = read_hidden(terminal, password);
    close(terminal);
    return read || error_set(error, "the password could not be read from the terminal");
}

/* A file that others may read gives the password away, whatever is done here. */
static bool is_private(int file, const char *name, struct error *error)
{
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || !(status.st_mode & 077))
        return true;
    return error_set(error,
                     "--password-file: others may read %s (mode %04o), and it holds a password: "
                     "chmod 600 %s",
                     name, (unsigned)status.st_mode & 07777, shell_word(name).text);
}

bool password_read(const char *file, const char *login, struct password *ret_password,
                   struct error *error)
{
    *ret_password = (struct password){""};
    prctl(PR_SET_DUMPABLE, 0); /* no core has it, and no other process may look */
    if (!file)
        return ask(login, ret_password, error);
    bool standard = strcmp(file, "-") == 0;
    int from = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return error_set(error, "--password-file: %s: %s", file, strerror(errno));
    if (!standard && !is_private(from, file, error)) {
        close(from);
        return false;
    }
    errno = 0;
    bool read = read_line(from, NULL, ret_password);
    const char *why = errno ? strerror(errno) : "its first line is no password";
    if (!standard)
        close(from);
    return read || error_set(error, "--password-file: %s: %s", file, why);
}
