/* The words as rows, and making one setting of a rule another. */
#include "ctl/ready/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/nearest.h"
#include "conf/quote.h"
#include "dkim/our_command.h"

const struct ready_word ready_words[] = {
    {"no-plaintext", NULL, "mail without TLS", "mode", RULE_tls, READY_SET, "enforce"},
    {"tls1.1", NULL, "TLS 1.0 and older", "min_version", RULE_tls, READY_SET, "TLSv1.1"},
    {"tls1.2", NULL, "TLS 1.1 and older", "min_version", RULE_tls, READY_SET, "TLSv1.2"},
    {"tls1.3", NULL, "TLS 1.2 and older", "min_version", RULE_tls, READY_SET, "TLSv1.3"},
    {"cipher-bits", "BITS", "ciphers with fewer secret bits", "min_cipher_bits", RULE_tls,
     READY_SET, NULL},
    {"no-cipher", "CIPHER...", "the ciphers of these names", "refused_ciphers", RULE_tls,
     READY_WITH, NULL},
    {"only-ciphers", "CIPHER...", "all ciphers but these", "ciphers", RULE_tls, READY_ONLY, NULL},
    {"client-certificate", NULL, "TLS without a client certificate that the MTA trusts",
     "client_certificate", RULE_tls, READY_SET, "true"},
    {"login", NULL, "mail without a login, and PLAIN or LOGIN without TLS", "mode", RULE_auth,
     READY_SET, "enforce"},
    {"no-plain", NULL, "login by PLAIN", "mechanisms", RULE_auth, READY_WITHOUT, "PLAIN"},
    {"no-login-mech", NULL, "login by LOGIN", "mechanisms", RULE_auth, READY_WITHOUT, "LOGIN"},
    {"no-mechanism", "MECHANISM...", "login by these mechanisms", "mechanisms", RULE_auth,
     READY_WITHOUT, NULL},
    {"only-mechanisms", "MECHANISM...", "login by all mechanisms but these", "mechanisms",
     RULE_auth, READY_ONLY, NULL},
    {0}};

static const struct option_row *option_of(const struct ready_word *word)
{
    const struct option_row *row = rules[word->rule]->options;
    while (row && row->name && strcmp(row->name, word->option) != 0)
        row++;
    return row && row->name ? row : NULL;
}

static const struct ready_word *find_word(const char *name, struct error *error)
{
    struct nearest nearest = nearest_to(name);
    for (const struct ready_word *word = ready_words; word->name; word++) {
        if (strcmp(word->name, name) == 0)
            return word;
        nearest_offer(&nearest, word->name);
    }
    error_set(error, "there is no \"%s\" to get ready for%s%s; %s ready lists the words", name,
              nearest.name ? ": did you mean " : "", nearest.name ? nearest.name : "",
              our_command());
    return NULL;
}

static bool read_number(struct ready_change *change, const char *text, struct error *error)
{
    const struct option_row *row = change->option;
    char *end;
    change->number = strtoll(text, &end, 10);
    return (end != text && !*end && change->number >= row->min && change->number <= row->max) ||
           error_set(error, "%s: a number from %lld to %lld is expected, not \"%s\"",
                     change->word->name, (long long)row->min, (long long)row->max, text);
}

static bool read_choice(struct ready_change *change, const char *text, struct error *error)
{
    for (int i = 0; change->option->choices[i]; i++) {
        if (strcmp(change->option->choices[i], text) != 0)
            continue;
        change->number = i;
        return true;
    }
    return error_set(error, "%s: there is no %s", change->word->name, text);
}

static bool read_value(struct ready_change *change, struct error *error)
{
    const char *text = change->values.items[0];
    if (!change->option)
        return true;
    switch (change->option->type) {
    case OPTION_INT:
        return read_number(change, text, error);
    case OPTION_CHOICE:
        return read_choice(change, text, error);
    case OPTION_BOOL:
        change->number = strcmp(text, "true") == 0;
        return true;
    default:
        return true;
    }
}

bool ready_read(const char *const *words, size_t count, struct ready_change *ret_change,
                struct error *error)
{
    const struct ready_word *word = find_word(words[0], error);
    if (!word)
        return false;
    *ret_change = (struct ready_change){.word = word, .option = option_of(word)};
    bool many = word->how != READY_SET;
    if (!word->argument && count > 1)
        return error_set(error, "%s takes nothing behind it, and there is \"%s\"", word->name,
                         words[1]);
    if (word->argument && (count < 2 || (count > 2 && !many)))
        return error_set(error, "%s %s is expected", word->name, word->argument);
    ret_change->values =
        word->value ? (struct texts){&word->value, 1} : (struct texts){words + 1, count - 1};
    return read_value(ret_change, error);
}

/* The words of a default as the reference has it: [ "PLAIN", "LOGIN" ]. */
static struct texts read_default(const char *text, struct arena *arena)
{
    const char **items = arena_alloc(arena, (strlen(text) / 2 + 1) * sizeof *items);
    size_t count = 0;
    for (const char *from = strchr(text, '"'); items && from; from = strchr(from, '"')) {
        const char *end = strchr(from + 1, '"');
        if (!end)
            break;
        items[count++] = arena_text(arena, (struct bytes){from + 1, (size_t)(end - from - 1)});
        from = end + 1;
    }
    return (struct texts){items, count};
}

static struct texts changed_list(const struct ready_change *change, struct texts list,
                                 struct arena *arena)
{
    if (change->word->how == READY_ONLY)
        return change->values;
    bool without = change->word->how == READY_WITHOUT;
    if (without && !list.count)
        list = read_default(change->option->default_value, arena);
    const char **items = arena_alloc(arena, (list.count + change->values.count) * sizeof *items);
    size_t count = 0;
    for (size_t i = 0; items && i < list.count; i++)
        if (!without || !texts_have(&change->values, bytes_of(list.items[i])))
            items[count++] = list.items[i];
    for (size_t i = 0; items && !without && i < change->values.count; i++)
        if (!texts_have(&list, bytes_of(change->values.items[i])))
            items[count++] = change->values.items[i];
    return (struct texts){items, count};
}

/* The member that a row of settings names. */
static const void *member(const struct rule_settings *settings, const struct option_row *row)
{
    return (const char *)settings + row->offset;
}

static struct texts texts_of(const struct rule_settings *settings, const struct option_row *row)
{
    struct texts list;
    memcpy(&list, member(settings, row), sizeof list);
    return list;
}

struct texts ready_list(const struct ready_change *change, const struct rule_settings *settings,
                        struct arena *arena)
{
    struct texts list = texts_of(settings, change->option);
    return list.count ? list : read_default(change->option->default_value, arena);
}

static void change_member(const struct ready_change *change, void *place, struct arena *arena)
{
    switch (change->option->type) {
    case OPTION_BOOL:
        *(bool *)place = change->number != 0;
        break;
    case OPTION_INT:
        *(int64_t *)place = change->number;
        break;
    case OPTION_CHOICE:
        *(int *)place = (int)change->number;
        break;
    default:
        *(struct texts *)place = changed_list(change, *(struct texts *)place, arena);
    }
}

const struct rule_settings *ready_apply(const struct ready_change *change,
                                        const struct rule_settings *settings,
                                        struct ready_reach reach, struct arena *arena)
{
    size_t size = rules[change->word->rule]->settings_size;
    struct rule_settings *changed = arena_alloc(arena, size);
    if (!changed)
        return NULL;
    memcpy(changed, settings, size);
    if (reach.mode)
        changed->mode = MODE_ENFORCE;
    if (change->option && reach.option)
        change_member(change, (char *)changed + change->option->offset, arena);
    return arena_failed(arena) ? NULL : changed;
}

static bool same_texts(struct texts a, struct texts b)
{
    bool same = a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++)
        same = strcmp(a.items[i], b.items[i]) == 0;
    return same;
}

static bool same_value(const struct option_row *row, const struct rule_settings *a,
                       const struct rule_settings *b)
{
    switch (row->type) {
    case OPTION_BOOL:
        return *(const bool *)member(a, row) == *(const bool *)member(b, row);
    case OPTION_INT:
        return *(const int64_t *)member(a, row) == *(const int64_t *)member(b, row);
    case OPTION_CHOICE:
        return *(const int *)member(a, row) == *(const int *)member(b, row);
    default:
        return same_texts(texts_of(a, row), texts_of(b, row));
    }
}

struct ready_reach ready_reaches(const struct ready_change *change,
                                 const struct rule_settings *policy,
                                 const struct rule_settings *login)
{
    return (struct ready_reach){
        .option = !change->option || same_value(change->option, policy, login),
        .mode = policy->mode == login->mode,
    };
}

static void write_list(FILE *out, struct texts list)
{
    fputs("[", out);
    for (size_t i = 0; i < list.count; i++) {
        fputs(i ? ", " : " ", out);
        quote_write(out, list.items[i]);
    }
    fputs(" ]", out);
}

static void write_value(FILE *out, const struct option_row *row,
                        const struct rule_settings *changed)
{
    const void *place = member(changed, row);
    switch (row->type) {
    case OPTION_BOOL:
        fputs(*(const bool *)place ? "true" : "false", out);
        break;
    case OPTION_INT:
        fprintf(out, "%lld", (long long)*(const int64_t *)place);
        break;
    case OPTION_CHOICE:
        quote_write(out, row->choices[*(const int *)place]);
        break;
    default:
        write_list(out, texts_of(changed, row));
    }
}

const char *ready_setting(const struct ready_change *change, const struct rule_settings *changed,
                          struct arena *arena)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    fprintf(out, "%s = ", change->word->option);
    if (change->option)
        write_value(out, change->option, changed);
    else
        quote_write(out, mode_word(changed->mode));
    bool written = fclose(out) == 0;
    const char *copy = written ? arena_text(arena, (struct bytes){text, len}) : NULL;
    free(text);
    return copy;
}
