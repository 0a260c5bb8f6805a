/* What Redis answers, by hiredis and by us: replies of any type, shape and length, in the place of
 * the ones that were asked for.
 *
 * The first byte chooses what is asked; the replies to PING and to the scripts' loading come from
 * here, where its high bit does not leave them to the input; the rest is what Redis sends, and then
 * it is gone.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limits/fleet_admin_private.h"
#include "limits/fleet_greet.h"
#include "limits/fleet_private.h"
#include "limits/redis_address.h"
#include "tests/fuzz/fuzz.h"

#define ASKED_KINDS 7
#define NOT_GREETED 0x80
#define SENT_MAX 60000 /* what a socket takes without somebody who reads */
#define NOW 1790000000000

static const char greeting[] = "$40\r\n0123456789012345678901234567890123456789\r\n";
static struct bytes sent;
static bool greets;
static struct embedded *names; /* without a file */

/* In the place of limits/redis_address.c: a Redis that has said all it will ever say. */
int redis_address_connect(const char *address, bool *ret_waits, struct error *error)
{
    int ends[2];
    (void)address;
    (void)error;
    *ret_waits = false;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        abort();
    if (greets && write(ends[1], "+PONG\r\n", 7) < 0)
        abort();
    for (int i = 0; greets && i < FLEET_SCRIPT_COUNT; i++)
        if (write(ends[1], greeting, sizeof greeting - 1) < 0)
            abort();
    struct bytes said = bytes_slice(sent, 0, SENT_MAX);
    if (said.len && write(ends[1], said.data, said.len) != (ssize_t)said.len)
        abort();
    shutdown(ends[1], SHUT_WR);
    /* The other end stays open till the next one: else what we send would fail first. */
    static int other = -1;
    if (other >= 0)
        close(other);
    other = ends[1];
    return ends[0];
}

bool redis_address_check(const char *address, struct error *error)
{
    (void)error;
    return address != NULL;
}

static const struct limits_options options = {
    .redis = "unix:/nowhere",
    .fleet = "fuzz",
    .remember = 90 * 86400,
    .known_after = 7 * 86400,
    .network_bits_ipv4 = 24,
    .network_bits_ipv6 = 48,
};

/* Reads all of it. */
static void touch(struct bytes text)
{
    struct bytes copy = fuzz_copy(text);
    fuzz_free(copy);
}

static bool visit_subject(const struct counted_subject *subject, void *context)
{
    (void)context;
    touch(subject->name);
    return true;
}

static bool visit_login(struct bytes login, const struct login_standing *standing, void *context)
{
    (void)context;
    touch(login);
    touch(standing->cause);
    return true;
}

static void request(struct fleet_admin *admin, enum limits_op op)
{
    static const struct bytes rcpt = BYTES("bob@example.net");
    struct limits_bound bound = {.subject = SUBJECT_LOGIN};
    struct limits_request request = {
        .op = op,
        .who = {.now = NOW},
        .bounds = &bound,
        .bound_count = 1,
        .rcpts = &rcpt,
        .rcpt_count = 1,
    };
    struct error error;
    bool found;
    request.who.names[SUBJECT_LOGIN] = BYTES("alice");
    if (!fleet_admin_show(admin, &request, &found, &error))
        return;
    const struct limits_answer *answer = &request.answer;
    if (answer->standing.state > LOGIN_FROZEN || answer->standing.cause.len > LIMITS_CAUSE_MAX)
        fuzz_fail("a standing that is none: %d", (int)answer->standing.state);
    touch(answer->standing.cause);
}

static void ask(struct fleet_admin *admin, unsigned asked)
{
    struct error error;
    int64_t remembered, known;
    switch (asked % ASKED_KINDS) {
    case 0:
        request(admin, LIMITS_LOOK);
        break;
    case 1:
        request(admin, LIMITS_KNOWN);
        break;
    case 2:
        request(admin, LIMITS_CHARGE);
        break;
    case 3:
        request(admin, LIMITS_REFUSED);
        break;
    case 4:
        (void)!fleet_admin_top(admin, SUBJECT_LOGIN, (enum quantity)0, (enum window)0, NOW, 10,
                               visit_subject, NULL, &error);
        break;
    case 5:
        (void)!fleet_admin_contained(admin, NOW, visit_login, NULL, &error);
        break;
    default:
        if (fleet_admin_count_correspondents(admin, BYTES("alice"), NOW, &remembered, &known,
                                             &error) &&
            known > remembered)
            fuzz_fail("%lld known of %lld", (long long)known, (long long)remembered);
    }
}

static void say_nothing(const char *text)
{
    touch(bytes_of(text));
}

/* What a host hears of the others, every few seconds. */
static void beat(void)
{
    static char address[] = "unix:/nowhere", name[] = "fuzz";
    struct fleet fleet = {
        .address = address, .name = name, .say = say_nothing, .own = names, .hosts = 1};
    struct redis *redis = NULL;
    struct redisReply *reply = NULL;
    struct error error;
    uint64_t last;
    bool lost;
    pthread_mutex_init(&fleet.lock, NULL);
    memset(fleet.member, '0', sizeof fleet.member - 1);
    greets = false;
    if (redis_connect(address, INT64_MAX, -1, &redis, &error)) {
        while (redis_ask(redis, "", 0, INT64_MAX, &reply, &error)) {
            if (fleet_beat_read(&fleet, reply, &last, &lost, &error) &&
                (fleet.hosts < 1 || memchr(fleet.denied, '\0', sizeof fleet.denied) == NULL))
                fuzz_fail("a beat that is none");
            fleet_say_hosts(&fleet);
            redis_reply_free(reply);
        }
    }
    redis_close(redis);
    pthread_mutex_destroy(&fleet.lock);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error;
    (void)argc;
    (void)argv;
    if (!embedded_open(&options, &names, &error))
        fuzz_fail("%s", error.text);
    return 0;
}

/* As fleet_admin_open, but that names are made by one store for all inputs: it has a thread. */
static void greet_and_ask(unsigned asked)
{
    static char address[] = "unix:/nowhere", name[] = "fuzz";
    struct error error;
    struct fleet_admin admin = {
        .address = address,
        .fleet = name,
        .known_after = options.known_after,
        .names = names,
        .keys = {.fleet = name, .instance = "admin", .names = names, .remember = options.remember},
    };
    admin.keys.shas = &admin.shas;
    if (redis_connect(address, INT64_MAX, -1, &admin.redis, &error) &&
        fleet_greet(admin.redis, NULL, &admin.shas, &error))
        ask(&admin, asked);
    redis_close(admin.redis);
}

/* hiredis makes room for as many items as a list claims to have, of which the system gives nothing
 * until it is written to: with AddressSanitizer a billion would take a gigabyte and seconds.
 * tests/unit/fleet_stranger_test has those. */
static bool claims_too_much(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t end = i + 1;
        while (text.data[i] == '*' && end < text.len && text.data[end] >= '0' &&
               text.data[end] <= '9')
            end++;
        if (end - i > 7)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sent = fuzz_bytes(data, size);
    unsigned asked = fuzz_take_byte(&sent);
    if (claims_too_much(sent))
        return 0;
    if (asked == NOT_GREETED - 1) {
        beat();
        return 0;
    }
    greets = !(asked & NOT_GREETED);
    greet_and_ask(asked & ~(unsigned)NOT_GREETED);
    return 0;
}
