/* A real Redis of a test's own, and a stand-in. */
#include "tests/unit/redis_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

char redis_folder[64] = "/tmp/submilter-redis.XXXXXX";
char redis_address[100];
static const char *path = redis_address + 5;
static pid_t server;

static struct {
    pthread_t thread;
    int listener, end[2];
    const char *answer;
    size_t len;
    int milliseconds;
} stand_in;

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

bool redis_fixture_is_there(void)
{
    return access("/usr/bin/redis-server", X_OK) == 0;
}

int redis_fixture_init(void **state)
{
    (void)state;
    if (!mkdtemp(redis_folder))
        return -1;
    snprintf(redis_address, sizeof redis_address, "unix:%s/sock", redis_folder);
    return 0;
}

int redis_fixture_done(void **state)
{
    (void)state;
    redis_kill();
    DIR *folder = opendir(redis_folder);
    const struct dirent *file;
    char name[400];
    while (folder && (file = readdir(folder))) {
        snprintf(name, sizeof name, "%s/%s", redis_folder, file->d_name);
        unlink(name);
    }
    if (folder)
        closedir(folder);
    return rmdir(redis_folder);
}

static int try_connect(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* execv takes what it does not change as if it did. */
union words {
    const char *of[40];
    char *taken[40];
};

static void run(const char *const *extra)
{
    union words words = {.of = {"redis-server", "--port", "0", "--unixsocket", path, "--save", "",
                                "--appendonly", "no", "--dir", redis_folder}};
    size_t count = 11;
    while (extra && *extra && count < 39)
        words.of[count++] = *extra++;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int out = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(out, fd);
    execv("/usr/bin/redis-server", words.taken);
    _exit(127);
}

void redis_start_at_once(const char *const *extra)
{
    int fd = -1;
    unlink(path);
    server = fork();
    assert_true(server >= 0);
    if (server == 0)
        run(extra);
    for (int left = PATIENCE_MS / 2; left > 0 && (fd = try_connect()) < 0; left--) {
        assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
        rest();
    }
    assert_true(fd >= 0);
    close(fd);
}

void redis_start(const char *const *extra)
{
    redis_start_at_once(extra);
    REDIS("PING");
}

void redis_kill(void)
{
    if (server <= 0)
        return;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    server = 0;
}

void redis_stop(void)
{
    int status;
    kill(server, SIGSTOP);
    waitpid(server, &status, WUNTRACED);
}

void redis_continue(void)
{
    kill(server, SIGCONT);
}

const char *redis_say(const char *const *words)
{
    static char reply[65536];
    char command[8192];
    size_t len = 0, got = 0, count = 0;
    while (words[count])
        count++;
    len += (size_t)snprintf(command, sizeof command, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(command + len, sizeof command - len, "$%zu\r\n%s\r\n",
                                strlen(words[i]), words[i]);
    int fd = try_connect();
    assert_true(fd >= 0);
    assert_int_equal(send(fd, command, len, MSG_NOSIGNAL), len);
    shutdown(fd, SHUT_WR);
    ssize_t more;
    while (got < sizeof reply - 1 && (more = recv(fd, reply + got, sizeof reply - 1 - got, 0)) > 0)
        got += (size_t)more;
    reply[got] = '\0';
    close(fd);
    return reply;
}

/* One connection at a time is enough: there is one client. */
static void serve(int fd)
{
    char buffer[65536];
    for (;;) {
        struct pollfd polled[2] = {{.fd = fd, .events = POLLIN},
                                   {.fd = stand_in.end[0], .events = POLLIN}};
        if (poll(polled, 2, -1) < 0 || polled[1].revents)
            return;
        if (recv(fd, buffer, sizeof buffer, 0) <= 0)
            return;
        if (poll(polled + 1, 1, stand_in.milliseconds) > 0)
            return;
        if (stand_in.len && send(fd, stand_in.answer, stand_in.len, MSG_NOSIGNAL) < 0)
            return;
    }
}

static void *stand_in_run(void *unused)
{
    (void)unused;
    for (;;) {
        struct pollfd polled[2] = {{.fd = stand_in.listener, .events = POLLIN},
                                   {.fd = stand_in.end[0], .events = POLLIN}};
        if (poll(polled, 2, -1) < 0 || polled[1].revents)
            return NULL;
        int fd = accept4(stand_in.listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serve(fd);
        close(fd);
    }
}

void stand_in_start(const char *answer, size_t len, int milliseconds)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    unlink(path);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    stand_in.answer = answer;
    stand_in.len = len;
    stand_in.milliseconds = milliseconds;
    stand_in.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(pipe2(stand_in.end, O_CLOEXEC), 0);
    assert_int_equal(bind(stand_in.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(stand_in.listener, 10), 0);
    assert_int_equal(pthread_create(&stand_in.thread, NULL, stand_in_run, NULL), 0);
}

void stand_in_stop(void)
{
    assert_int_equal(write(stand_in.end[1], "", 1), 1);
    pthread_join(stand_in.thread, NULL);
    close(stand_in.listener);
    close(stand_in.end[0]);
    close(stand_in.end[1]);
    unlink(path);
}
