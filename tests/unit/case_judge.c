/* The site, the session and the message of a policy case. */
#include "tests/unit/case_judge.h"

#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dkim/keygen.h"
#include "gate/message_text.h"
#include "tests/unit/case_counted.h"

char case_folder[] = "/tmp/submilter-cases-XXXXXX";
char *case_srcdir;

/* Settings of one rule have to stand together: libconfig takes no group twice. */
static void write_rules(FILE *out, const char *const *sets, size_t count)
{
    bool written[CASE_LIST_MAX] = {false};
    for (size_t i = 0; i < count; i++) {
        size_t rule = strcspn(sets[i], ".");
        if (written[i])
            continue;
        fprintf(out, "  %.*s: { ", (int)rule, sets[i]);
        for (size_t j = i; j < count; j++) {
            if (strncmp(sets[i], sets[j], rule + 1) != 0)
                continue;
            fprintf(out, "%s; ", sets[j] + rule + 1);
            written[j] = true;
        }
        fprintf(out, "};\n");
    }
}

/* "news alice@example.com @example.org": a name and logins; "news limits.mode = ..." sets. */
static void write_group(FILE *out, const char *group, const struct case_values *group_sets)
{
    const char *sets[CASE_LIST_MAX];
    size_t count = 0, name = strcspn(group, " ");
    fprintf(out, "  { name = \"%.*s\"; logins = [ ", (int)name, group);
    for (const char *at = group + name; *at;) {
        at += strspn(at, " ");
        size_t len = strcspn(at, " ");
        fprintf(out, "%s\"%.*s\"", at == group + name + 1 ? "" : ", ", (int)len, at);
        at += len;
    }
    for (size_t i = 0; i < group_sets->count; i++)
        if (strncmp(group_sets->items[i], group, name + 1) == 0)
            sets[count++] = group_sets->items[i] + name + 1;
    fprintf(out, " ]; rules: {\n");
    write_rules(out, sets, count);
    fprintf(out, "}; }");
}

static char *configuration_of(const struct policy_case *one)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const char *policy = one->policy ? one->policy : "submission";
    fprintf(out,
            "domains = [ \"example.com\", \"example.org\", \"b\xc3\xbc"
            "cher.example\" ];\n"
            "authserv_ids = [ \"mx.example.com\" ];\n"
            "user = \"%s\";\n"
            "senders: { tables = [ \"texthash:%s/tests/cases/senders\" ]; };\n"
            "dkim: { keys = \"%s/%s\"; };\n"
            "listeners: ( { name = \"%s\"; policy = \"%s\"; } );\n"
            "policies: { %s: {\n",
            getpwuid(geteuid())->pw_name, case_srcdir, case_folder, one->keys ? one->keys : "all",
            one->listener ? one->listener : policy, policy, policy);
    write_rules(out, (const char *const *)one->sets.items, one->sets.count);
    fprintf(out, "}; };\n");
    if (one->groups.count)
        fprintf(out, "groups: (\n");
    for (size_t i = 0; i < one->groups.count; i++) {
        write_group(out, one->groups.items[i], &one->group_sets);
        fprintf(out, i + 1 < one->groups.count ? ",\n" : " );\n");
    }
    fclose(out);
    return text;
}

struct snapshot *case_snapshot(const struct policy_case *one)
{
    static char *text;
    static struct snapshot *snapshot;
    char path[200];
    struct error error;
    if (!one) {
        free(text);
        snapshot_unref(snapshot);
        return NULL;
    }
    char *wanted = configuration_of(one);
    if (text && strcmp(text, wanted) == 0) {
        free(wanted);
        return snapshot;
    }
    free(text);
    snapshot_unref(snapshot);
    snapshot = NULL;
    text = wanted;
    snprintf(path, sizeof path, "%s/submilter.conf", case_folder);
    FILE *out = fopen(path, "w");
    fputs(text, out);
    fclose(out);
    if (!snapshot_load(path, NULL, &snapshot, &error)) {
        printf("# %s\n", error.text);
        snapshot = NULL;
    }
    return snapshot;
}

static struct bytes or_default(const char *text, const char *fallback)
{
    return bytes_of(text ? text : fallback);
}

static struct message_session session_of(const struct policy_case *one)
{
    static char version[64], cipher[128];
    struct message_session session = {0};
    int bits = 0;
    const char *tls = one->tls ? one->tls : "TLSv1.3 TLS_AES_256_GCM_SHA384 256";
    const char *login = one->login ? one->login : "alice@example.com";
    session.connection.smtp = true;
    session.connection.client_address = or_default(one->client, "192.0.2.7");
    session.connection.helo = or_default(one->helo, "client.example.net");
    if (one->mta && strcmp(one->mta, "sendmail") == 0)
        session.connection.mta = MTA_SENDMAIL;
    session.connection.mta_host = BYTES("mail.example.com");
    if (strcmp(tls, "none") != 0 && sscanf(tls, "%63s %127s %d", version, cipher, &bits) >= 1)
        session.tls = (struct facts_tls){.state = FACT_KNOWN,
                                         .version = bytes_of(version),
                                         .cipher = bytes_of(cipher),
                                         .cipher_bits = bits};
    if (strcmp(login, "none") != 0)
        session.login = (struct facts_login){.state = FACT_KNOWN,
                                             .name = bytes_of(login),
                                             .mechanism = or_default(one->mechanism, "PLAIN")};
    return session;
}

static void set_body_flags(struct facts_body *body, const char *flags)
{
    body->has_bare_cr |= strstr(flags, "bare-cr") != NULL;
    body->has_bare_lf |= strstr(flags, "bare-lf") != NULL;
    body->has_nul |= strstr(flags, "nul") != NULL;
    body->has_early_end |= strstr(flags, "early-end") != NULL;
}

static bool take_rcpt(const struct policy_case *one, const char *rcpt, struct message *message)
{
    case_counted_rcpt(one, rcpt, message);
    if (!message_rcpt(message, bytes_of(rcpt)))
        return false;
    case_counted_accepted(message);
    return true;
}

struct message *case_judge(const struct policy_case *one, struct snapshot *snapshot)
{
    struct message_session session = session_of(one);
    struct message_clock clock = {.milliseconds =
                                      (one->now ? atoll(one->now) : 1790000000LL) * 1000};
    struct message *message = message_new(snapshot, &session, &clock);
    case_counted_begin(one, message);
    message_mail(message, or_default(one->mail_from, "<alice@example.com>"),
                 one->smtputf8 && strcmp(one->smtputf8, "yes") == 0);
    if (message->outcome.action >= ACTION_TEMPFAIL)
        return message;
    for (size_t i = 0; i < one->rcpts.count; i++)
        if (!take_rcpt(one, one->rcpts.items[i], message))
            return message;
    if (!one->rcpts.count && !take_rcpt(one, "<bob@example.net>", message))
        return message;
    /* Exactly as long as it is, so that a sanitizer sees who reads on. */
    char *copy = malloc(one->message_len ? one->message_len : 1);
    if (one->message_len)
        memcpy(copy, one->message, one->message_len);
    message_feed_text(message, (struct bytes){copy, one->message_len});
    free(copy);
    if (one->own_signature) {
        message->facts.dkim.own_signature = FACT_KNOWN;
        message->facts.dkim.own_signature_domain = bytes_of(one->own_signature);
    }
    if (one->body_flags)
        set_body_flags(&message->facts.body, one->body_flags);
    message_end(message);
    return message;
}

static void make_key(const char *keys, const char *domain)
{
    char place[100];
    const char *path;
    struct error error;
    struct arena *arena = arena_new(1 << 20);
    snprintf(place, sizeof place, "%s/%s", case_folder, keys);
    struct keygen_options options = {
        .place = {.folder = place, .user = geteuid(), .group = getegid()},
        .domain = domain,
        .selector = "test",
        .type = KEY_ED25519,
    };
    if (!keygen_make(&options, arena, &path, &error)) {
        printf("Bail out! %s\n", error.text);
        exit(1);
    }
    arena_free(arena);
}

/* One folder with every domain's key, and one for each domain alone; "none" is never made. */
bool case_begin(void)
{
    static const char *const domains[] = {"example.com", "example.org", "xn--bcher-kva.example"};
    char drop_ins[100];
    case_srcdir = realpath(getenv("srcdir") ? getenv("srcdir") : ".", NULL);
    if (!case_srcdir || !mkdtemp(case_folder))
        return false;
    snprintf(drop_ins, sizeof drop_ins, "%s/conf.d", case_folder);
    if (mkdir(drop_ins, 0700) < 0)
        return false;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        make_key("all", domains[i]);
        make_key(domains[i], domains[i]);
    }
    return true;
}

void case_end(void)
{
    case_snapshot(NULL);
    free(case_srcdir);
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", case_folder);
    if (system(command) != 0)
        printf("# %s stays behind\n", case_folder);
}

bool case_each(int argc, char **argv, void (*each)(const char *path, const struct policy_case *one))
{
    char pattern[1000];
    glob_t found = {0};
    bool good = true;
    snprintf(pattern, sizeof pattern, "%s/tests/cases/*/*.case", case_srcdir);
    if (argc < 2 && glob(pattern, 0, NULL, &found) != 0)
        printf("Bail out! no cases at %s\n", pattern);
    for (int i = 1; good && i < argc; i++)
        good = case_file_read(argv[i], each);
    for (size_t i = 0; good && i < found.gl_pathc; i++)
        good = case_file_read(found.gl_pathv[i], each);
    globfree(&found);
    return good;
}
