/* Runs the policy cases of tests/cases through the gate that the daemon uses, and prints TAP.
 *
 * Each is run once more with what `setup` puts beside it to watch first: no case may be refused
 * then.
 *
 * Arguments: files of cases; without any: all of $srcdir/tests/cases. */
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/observe.h"
#include "dkim/keygen.h"
#include "gate/message_text.h"
#include "gate/record_values.h"
#include "policy/lookalike.h"
#include "tests/unit/case_file.h"

static const char *srcdir;
static char folder[] = "/tmp/submilter-cases-XXXXXX";
static int run_count;
static int failed_count;

/* --- one configuration a set of settings, kept as long as cases ask for the same one
 * ---------------- */

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
            getpwuid(geteuid())->pw_name, srcdir, folder, one->keys ? one->keys : "all",
            one->listener ? one->listener : policy, policy, policy);
    /* Settings of one rule have to stand together: libconfig takes no group twice. */
    bool written[CASE_LIST_MAX] = {false};
    for (size_t i = 0; i < one->sets.count; i++) {
        size_t rule = strcspn(one->sets.items[i], ".");
        if (written[i])
            continue;
        fprintf(out, "  %.*s: { ", (int)rule, one->sets.items[i]);
        for (size_t j = i; j < one->sets.count; j++) {
            if (strncmp(one->sets.items[i], one->sets.items[j], rule + 1) != 0)
                continue;
            fprintf(out, "%s; ", one->sets.items[j] + rule + 1);
            written[j] = true;
        }
        fprintf(out, "};\n");
    }
    fprintf(out, "}; };\n");
    fclose(out);
    return text;
}

static struct snapshot *snapshot_for(const struct policy_case *one)
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
    snprintf(path, sizeof path, "%s/submilter.conf", folder);
    FILE *out = fopen(path, "w");
    fputs(text, out);
    fclose(out);
    if (!snapshot_load(path, NULL, &snapshot, &error)) {
        printf("# %s\n", error.text);
        snapshot = NULL;
    }
    return snapshot;
}

/* --- one case
 * ---------------------------------------------------------------------------------------- */

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

static struct message *judge(const struct policy_case *one, struct snapshot *snapshot)
{
    struct message_session session = session_of(one);
    struct message_clock clock = {.milliseconds =
                                      (one->now ? atoll(one->now) : 1790000000LL) * 1000};
    struct message *message = message_new(snapshot, &session, &clock);
    message_mail(message, or_default(one->mail_from, "<alice@example.com>"),
                 one->smtputf8 && strcmp(one->smtputf8, "yes") == 0);
    if (message->outcome.action >= ACTION_TEMPFAIL)
        return message;
    for (size_t i = 0; i < one->rcpts.count; i++)
        if (!message_rcpt(message, bytes_of(one->rcpts.items[i])))
            return message;
    if (!one->rcpts.count && !message_rcpt(message, BYTES("<bob@example.net>")))
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

/* --- what was expected
 * ------------------------------------------------------------------------------- */

/* Whether a rule in that mode found that; action ACCEPT: whatever it leads to. */
static bool rule_is(const struct message *message, const char *wanted, enum mode mode,
                    enum action action)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &message->decision.judged[i];
        char name[200];
        if (judged->verdict.outcome < OUTCOME_VIOLATION || judged->mode != mode)
            continue;
        snprintf(name, sizeof name, "%s.%s", rules[i]->name, judged->verdict.reason);
        if (strcmp(name, wanted) == 0 && (action == ACTION_ACCEPT || judged->action == action))
            return true;
    }
    return false;
}

static bool has_edit(const struct message *message, const char *kind, const char *name)
{
    for (const struct edit *edit = message->outcome.edits; edit; edit = edit->next)
        if (strcmp(record_edit_kind(edit->kind), kind) == 0 &&
            bytes_equal_nocase(edit->name, bytes_of(name)))
            return true;
    return false;
}

static bool decided_by(const struct message *message, const char *wanted)
{
    char name[200];
    if (message->decision.decider == RULE_COUNT)
        return false;
    snprintf(name, sizeof name, "%s.%s", rules[message->decision.decider]->name,
             message->decision.judged[message->decision.decider].verdict.reason);
    return strcmp(name, wanted) == 0;
}

static bool action_is(const struct message *message, enum action action, const char *rest)
{
    char name[128] = "", enhanced[16] = "";
    int code = 0;
    int count = sscanf(rest, "%127s %d %15s", name, &code, enhanced);
    const struct reply *reply = &message->outcome.reply;
    if (message->outcome.action != action || !decided_by(message, name))
        return false;
    return count < 2 || (reply->code == code && strcmp(reply->enhanced, enhanced) == 0);
}

static bool holds(const struct message *message, const char *expect)
{
    enum action action = message->outcome.action;
    char word[32] = "", kind[32] = "", name[128] = "";
    int used = 0;
    if (sscanf(expect, "%31s%n", word, &used) < 1)
        return false;
    const char *rest = expect + used;
    bool left = action == ACTION_ACCEPT || action == ACTION_FIX;
    if (strcmp(word, "accept") == 0)
        return left;
    if (strcmp(word, "fix") == 0)
        return left && sscanf(rest, "%127s", name) == 1 &&
               rule_is(message, name, MODE_ENFORCE, ACTION_FIX);
    if (strcmp(word, "reject") == 0)
        return action_is(message, ACTION_REJECT, rest);
    if (strcmp(word, "tempfail") == 0)
        return action_is(message, ACTION_TEMPFAIL, rest);
    if (strcmp(word, "quarantine") == 0)
        return action_is(message, ACTION_QUARANTINE, rest);
    if (strcmp(word, "also") == 0)
        return sscanf(rest, "%127s", name) == 1 &&
               rule_is(message, name, MODE_ENFORCE, ACTION_ACCEPT);
    if (strcmp(word, "observed") == 0)
        return sscanf(rest, "%127s", name) == 1 &&
               rule_is(message, name, MODE_OBSERVE, ACTION_ACCEPT);
    if (strcmp(word, "edit") == 0)
        return sscanf(rest, "%31s %127s", kind, name) == 2 && has_edit(message, kind, name);
    if (strcmp(word, "unsigned") == 0)
        return sscanf(rest, "%127s", name) == 1 &&
               unsigned_field_named(message->decision.unsigned_fields, bytes_of(name));
    if (strcmp(word, "not-signed") == 0)
        return message->not_signed && !message->outcome.signature_count;
    if (strcmp(word, "all-signed") == 0)
        return message->decision.unsigned_fields == NULL;
    if (strcmp(word, "no-edits") == 0)
        return message->outcome.edits == NULL;
    return false;
}

static void say_what_happened(const struct message *message)
{
    printf("#   action %s", action_word(message->outcome.action));
    if (message->outcome.action >= ACTION_QUARANTINE)
        printf(": %d %s %s", message->outcome.reply.code, message->outcome.reply.enhanced,
               message->outcome.reply.text);
    printf("%s%s\n", message->fault ? " fault: " : "", message->fault ? message->fault : "");
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &message->decision.judged[i];
        if (judged->verdict.outcome >= OUTCOME_VIOLATION)
            printf("#   %s %s.%s (%s)\n", mode_word(judged->mode), rules[i]->name,
                   judged->verdict.reason, action_word(judged->action));
    }
}

/* The same message with every rule that could refuse it observed: none does. */
static void run_observed(const struct policy_case *one, const char *path)
{
    char place[200];
    struct snapshot *observed = NULL;
    struct error error = {""};
    const struct snapshot *plain = snapshot_for(one);
    if (!plain || observe_group_left(plain->settings))
        return;
    snprintf(place, sizeof place, "%s/conf.d/observe.conf", folder);
    FILE *out = fopen(place, "w");
    observe_write(plain->settings, out);
    fclose(out);
    snprintf(place, sizeof place, "%s/submilter.conf", folder);
    bool good = snapshot_load(place, NULL, &observed, &error);
    struct message *message = good ? judge(one, observed) : NULL;
    good = good && !observe_is_needed(observed->settings) && !message->fault &&
           message->outcome.action < ACTION_QUARANTINE;
    failed_count += !good;
    printf("%s %d - %s:%d %s, observed\n", good ? "ok" : "not ok", ++run_count,
           strrchr(path, '/') + 1, one->line, one->title);
    if (!good && message)
        say_what_happened(message);
    else if (!good)
        printf("# %s\n", error.text);
    message_free(message);
    snapshot_unref(observed);
    snprintf(place, sizeof place, "%s/conf.d/observe.conf", folder);
    unlink(place);
}

static void run_case(const char *path, const struct policy_case *one)
{
    if (one->needs && !lookalike_has_skeletons()) {
        printf("ok %d - %s:%d # SKIP built without ICU\n", ++run_count, strrchr(path, '/') + 1,
               one->line);
        return;
    }
    struct snapshot *snapshot = snapshot_for(one);
    struct message *message = snapshot ? judge(one, snapshot) : NULL;
    const char *unmet = message ? NULL : "a configuration that loads";
    if (message && !one->expects.count)
        unmet = "an expect line";
    for (size_t i = 0; message && i < one->expects.count && !unmet; i++)
        if (!holds(message, one->expects.items[i]))
            unmet = one->expects.items[i];
    failed_count += unmet != NULL;
    printf("%s %d - %s:%d %s\n", unmet ? "not ok" : "ok", ++run_count, strrchr(path, '/') + 1,
           one->line, one->title);
    if (unmet)
        printf("#   expected: %s\n", unmet);
    if (unmet && message)
        say_what_happened(message);
    message_free(message);
    run_observed(one, path);
}

/* --- all of them
 * ------------------------------------------------------------------------------------- */

static void make_key(const char *keys, const char *domain)
{
    char place[100];
    const char *path;
    struct error error;
    struct arena *arena = arena_new(1 << 20);
    snprintf(place, sizeof place, "%s/%s", folder, keys);
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
static void make_keys(void)
{
    static const char *const domains[] = {"example.com", "example.org", "xn--bcher-kva.example"};
    char drop_ins[100];
    if (!mkdtemp(folder))
        exit(1);
    snprintf(drop_ins, sizeof drop_ins, "%s/conf.d", folder);
    if (mkdir(drop_ins, 0700) < 0)
        exit(1);
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        make_key("all", domains[i]);
        make_key(domains[i], domains[i]);
    }
}

static void remove_folder(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        printf("# %s stays behind\n", folder);
}

int main(int argc, char **argv)
{
    char pattern[1000];
    glob_t found = {0};
    bool good = true;
    srcdir = realpath(getenv("srcdir") ? getenv("srcdir") : ".", NULL);
    make_keys();
    snprintf(pattern, sizeof pattern, "%s/tests/cases/*/*.case", srcdir);
    if (argc < 2 && glob(pattern, 0, NULL, &found) != 0)
        printf("Bail out! no cases at %s\n", pattern);
    for (int i = 1; good && i < argc; i++)
        good = case_file_read(argv[i], run_case);
    for (size_t i = 0; good && i < found.gl_pathc; i++)
        good = case_file_read(found.gl_pathv[i], run_case);
    printf("1..%d\n", run_count);
    globfree(&found);
    snapshot_for(NULL);
    remove_folder();
    return failed_count || !good || !run_count;
}
