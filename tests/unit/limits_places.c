/* Opens limits/ on every kind of store; Redis in a folder of the test's own, on a unix socket. */
#include "tests/unit/limits_places.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/submilter-limits-XXXXXX";
static bool folder_made;
static char socket_path[64];
static char redis_address[80];
static pid_t redis;
static bool redis_tried;
static unsigned places;

static pthread_mutex_t saying = PTHREAD_MUTEX_INITIALIZER;
static char said[4096];

static void say(const char *text)
{
    pthread_mutex_lock(&saying);
    size_t len = strlen(said);
    if (len + strlen(text) + 2 > sizeof said)
        len = 0;
    (void)snprintf(said + len, sizeof said - len, "%s\n", text);
    pthread_mutex_unlock(&saying);
}

const char *place_said(void)
{
    return said;
}

static void make_folder(void)
{
    if (folder_made)
        return;
    if (!mkdtemp(folder))
        abort();
    folder_made = true;
    (void)snprintf(socket_path, sizeof socket_path, "%s/redis.sock", folder);
    (void)snprintf(redis_address, sizeof redis_address, "unix:%s", socket_path);
}

static int redis_connect(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool redis_accepts(void)
{
    int fd = redis_connect();
    return fd >= 0 && close(fd) == 0;
}

void place_redis(const char *words, char *buffer, size_t size)
{
    size_t len = 0;
    int fd = redis_connect();
    if (fd >= 0 && dprintf(fd, "%s\r\nQUIT\r\n", words) > 0)
        for (ssize_t got; len < size - 1 && (got = read(fd, buffer + len, size - 1 - len)) > 0;)
            len += (size_t)got;
    buffer[len] = '\0';
    if (fd >= 0)
        close(fd);
}

static void become_redis(pid_t parent)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        dup2(nothing, fd);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path, "--dir",
               folder, "--save", "", "--appendonly", "no", (char *)NULL);
    _exit(127);
}

static bool redis_runs(void)
{
    if (redis_tried)
        return redis > 0;
    redis_tried = true;
    make_folder();
    pid_t parent = getpid();
    redis = fork();
    if (redis == 0)
        become_redis(parent);
    while (!redis_accepts()) {
        if (redis < 0 || waitpid(redis, NULL, WNOHANG) == redis) {
            redis = -1;
            return false;
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return true;
}

bool place_is_there(enum place_kind kind)
{
    return kind != PLACE_FLEET || redis_runs();
}

void place_file(const struct place *place, size_t host, char *buffer, size_t size)
{
    (void)snprintf(buffer, size, "%s/%s-%zu", folder, place->fleet, host);
}

static void open_host(struct place *place, size_t host)
{
    char file[128];
    place_file(place, host, file, sizeof file);
    struct limits_options options = {
        .file = place->kind == PLACE_FILE ? file : NULL,
        .max_size = (int64_t)1 << 30,
        .redis = place->kind == PLACE_FLEET ? redis_address : NULL,
        .fleet = place->fleet,
        .remember = (int64_t)400 * 86400,
        .known_after = 86400,
        .network_bits_ipv4 = 24,
        .network_bits_ipv6 = 56,
        .secret = "thirty-two bytes of a secret key",
        .say = say,
    };
    struct error error;
    if (!limits_open(&options, &place->hosts[host], &error)) {
        printf("# %s\n", error.text);
        abort();
    }
}

static void open_hosts(struct place *place)
{
    said[0] = '\0';
    for (size_t host = 0; host < place->host_count; host++)
        open_host(place, host);
}

void place_open(struct place *place, enum place_kind kind, size_t hosts)
{
    make_folder();
    *place = (struct place){.kind = kind, .host_count = hosts};
    (void)snprintf(place->fleet, sizeof place->fleet, "place%u", ++places);
    open_hosts(place);
}

static void close_hosts(struct place *place)
{
    for (size_t host = 0; host < place->host_count; host++)
        limits_close(place->hosts[host]);
}

void place_reopen(struct place *place)
{
    close_hosts(place);
    open_hosts(place);
}

void place_open_again(struct place *place)
{
    open_hosts(place);
}

void place_close(struct place *place)
{
    close_hosts(place);
}

void place_ask(struct place *place, size_t host, struct limits_request *request)
{
    limits_submit(place->hosts[host], request);
    limits_collect(place->hosts[host], request);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void places_end(void)
{
    if (redis > 0) {
        kill(redis, SIGKILL);
        waitpid(redis, NULL, 0);
    }
    if (folder_made)
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
