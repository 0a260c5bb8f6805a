/* Runs the policy cases of tests/cases through the gate that the daemon uses, and prints TAP.
 *
 * Each is run once more with what `setup` puts beside it to watch first: no case may be refused
 * then.
 *
 * Arguments: files of cases; without any: all of $srcdir/tests/cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/observe.h"
#include "gate/record_values.h"
#include "policy/lookalike.h"
#include "tests/unit/case_judge.h"

static int run_count;
static int failed_count;

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

/* Whether a rule was asked and found nothing. */
static bool rule_passes(const struct message *message, const char *wanted)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (strcmp(rules[i]->name, wanted) == 0)
            return message->decision.judged[i].verdict.outcome == OUTCOME_PASS;
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
    if (strcmp(word, "no-violation") == 0)
        return sscanf(rest, "%127s", name) == 1 && rule_passes(message, name);
    if (strcmp(word, "contain") == 0)
        return sscanf(rest, "%127s", name) == 1 &&
               strcmp(name, login_state_word(message->decision.contain)) == 0;
    if (strcmp(word, "says") == 0)
        return message->outcome.reply.text && strstr(message->outcome.reply.text, rest + 1);
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

/* What a login may not that is frozen or slowed already is no matter of watching. */
static bool is_let_through(const struct policy_case *one, const struct message *message)
{
    return message->outcome.action < ACTION_QUARANTINE ||
           (one->standing && message->decision.decider == RULE_login_state);
}

static bool keeps_login_state(const struct message *message, const struct settings *plain)
{
    const struct policy *before =
        settings_policy(plain, message->policy_name, message->facts.login.name);
    return message->policy->settings[RULE_login_state]->mode ==
           before->settings[RULE_login_state]->mode;
}

/* The same message with every rule that could refuse it observed: none does. */
static void run_observed(const struct policy_case *one, const char *path)
{
    char place[200];
    struct snapshot *observed = NULL;
    struct error error = {""};
    const struct snapshot *plain = case_snapshot(one);
    if (!plain || observe_group_left(plain->settings))
        return;
    snprintf(place, sizeof place, "%s/conf.d/observe.conf", case_folder);
    FILE *out = fopen(place, "w");
    observe_write(plain->settings, out);
    fclose(out);
    snprintf(place, sizeof place, "%s/submilter.conf", case_folder);
    bool good = snapshot_load(place, NULL, &observed, &error);
    struct message *message = good ? case_judge(one, observed) : NULL;
    good = good && !observe_is_needed(observed->settings) && !message->fault &&
           is_let_through(one, message) && keeps_login_state(message, plain->settings);
    failed_count += !good;
    printf("%s %d - %s:%d %s, observed\n", good ? "ok" : "not ok", ++run_count,
           strrchr(path, '/') + 1, one->line, one->title);
    if (!good && message)
        say_what_happened(message);
    else if (!good)
        printf("# %s\n", error.text);
    message_free(message);
    snapshot_unref(observed);
    snprintf(place, sizeof place, "%s/conf.d/observe.conf", case_folder);
    unlink(place);
}

static void run_case(const char *path, const struct policy_case *one)
{
    if (one->needs && !lookalike_has_skeletons()) {
        printf("ok %d - %s:%d # SKIP built without ICU\n", ++run_count, strrchr(path, '/') + 1,
               one->line);
        return;
    }
    struct snapshot *snapshot = case_snapshot(one);
    struct message *message = snapshot ? case_judge(one, snapshot) : NULL;
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

int main(int argc, char **argv)
{
    if (!case_begin())
        return 1;
    bool good = case_each(argc, argv, run_case);
    printf("1..%d\n", run_count);
    case_end();
    return failed_count || !good || !run_count;
}
