/* Stands in for /dev/log: takes what is logged, and counts it. The count is printed at the end.
 *
 *   syslog_sink PATH FILE WORD     until TERM; lines with WORD in them go to FILE too */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static volatile sig_atomic_t told_to_end;

static void end(int number)
{
    told_to_end = number;
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        chmod(path, 0666) < 0) /* a daemon that is not root writes to it */
        return -1;
    return fd;
}

int main(int argc, char **argv)
{
    static char line[65536];
    unsigned long count = 0;
    const struct sigaction action = {.sa_handler = end};
    if (argc != 4) {
        fprintf(stderr, "usage: syslog_sink PATH FILE WORD\n");
        return 64;
    }
    int fd = open_socket(argv[1]);
    FILE *kept = fopen(argv[2], "wb");
    if (fd < 0 || !kept || sigaction(SIGTERM, &action, NULL) < 0) {
        fprintf(stderr, "syslog_sink: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    while (!told_to_end) {
        ssize_t len = recv(fd, line, sizeof line - 1, 0);
        if (len < 0 && errno != EINTR)
            return 1;
        if (len <= 0)
            continue;
        count++;
        line[len] = '\0';
        if (strstr(line, argv[3])) {
            fprintf(kept, "%s\n", line);
            fflush(kept);
        }
    }
    printf("%lu\n", count);
    return fclose(kept) == 0 ? 0 : 1;
}
