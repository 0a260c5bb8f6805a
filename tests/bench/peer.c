/* Listening, negotiating and serving. */
#include "tests/bench/peer.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define BACKLOG 512
#define TIMEOUT_SECONDS 600

/* libmilter of Debian takes a socket that listens already; what it accepts there inherits
 * TCP_NODELAY, which cannot be set on its own. */
static bool listen_inet(const char *text)
{
    static char inherited[32];
    struct sockaddr_in address = {.sin_family = AF_INET};
    int on = 1;
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (*end != '@' || inet_pton(AF_INET, end + 1, &address.sin_addr) != 1)
        return false;
    address.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0)
        return false;
    snprintf(inherited, sizeof inherited, "fd:%d", fd);
    return smfi_setconn(inherited) == MI_SUCCESS;
}

static bool is_inet;

bool peer_listen(const char *address)
{
    static char text[200];
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    snprintf(text, sizeof text, "%s", address);
    is_inet = strncmp(text, "inet:", 5) == 0;
    bool good = smfi_setbacklog(BACKLOG) == MI_SUCCESS &&
                smfi_settimeout(TIMEOUT_SECONDS) == MI_SUCCESS &&
                (is_inet ? listen_inet(text + 5) : smfi_setconn(text) == MI_SUCCESS);
    if (!good)
        fprintf(stderr, "%s: cannot listen there\n", address);
    return good;
}

sfsistat peer_negotiate(SMFICTX *context, unsigned long actions, unsigned long protocol,
                        unsigned long unused2, unsigned long unused3, unsigned long *ret_actions,
                        unsigned long *ret_protocol, unsigned long *ret2, unsigned long *ret3)
{
    (void)context, (void)unused2, (void)unused3;
    *ret_actions = SMFIF_ADDHDRS & actions;
    /* Over TCP an answer at DATA is cheaper than none. Postfix empties its buffer there, and what
     * it sends next would wait for the acknowledgement, which the kernel holds back for 40 ms. */
    *ret_protocol =
        (SMFIP_NOUNKNOWN | (is_inet ? 0UL : SMFIP_NODATA) | SMFIP_HDR_LEADSPC | SMFIP_NR_CONN |
         SMFIP_NR_HELO | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY) &
        protocol;
    *ret2 = *ret3 = 0;
    return SMFIS_CONTINUE;
}

int peer_serve(const struct smfiDesc *callbacks)
{
    if (smfi_register(*callbacks) == MI_SUCCESS && smfi_main() == MI_SUCCESS)
        return 0;
    fprintf(stderr, "%s: libmilter failed\n", callbacks->xxfi_name);
    return 1;
}
