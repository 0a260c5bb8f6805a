/* What a login may send as. */
#include <stdio.h>

#include "ctl/progress.h"
#include "ctl/table_text.h"
#include "ctl/who/grant_text.h"
#include "ctl/who/who.h"
#include "policy/address.h"

#define ROWS_AT_ONCE 500
#define KEPT_MAX 20    /* of rows that grant nothing; all are in the JSON */
#define DOMAINS_MAX 10 /* for which it is said whether mail is signed */

static const struct table_text_column columns[] = {{.title = ""}, {.title = ""}};

/* Lines that are printed behind those that grant. */
struct later {
    const char *heading;
    const char *lines[KEPT_MAX];
    size_t count;
};

struct listing {
    const struct who *who;
    struct bytes login;
    bool perhaps;             /* see who_login */
    bool begun;               /* the heading has been printed */
    struct arena *scratch;    /* for one row */
    struct table_text *table; /* NULL: JSON */
    struct progress progress;
    struct error *error;
    bool failed;
    size_t granted;
    size_t unknown;
    struct bytes reason; /* of the first that is unknown */
    bool under_rows;     /* +extension or @domain: patterns come before them */
    struct later excepted, depending, idle, not_known;
    struct bytes domains[DOMAINS_MAX];
    size_t domain_count;
};

static struct later *later_for(struct listing *listing, enum grant_state state)
{
    switch (state) {
    case GRANT_HOLDS:
        break;
    case GRANT_DEPENDS:
        return &listing->depending;
    case GRANT_EXCEPTED:
        return &listing->excepted;
    case GRANT_UNKNOWN:
        return &listing->not_known;
    case GRANT_HIDDEN:
    case GRANT_NEVER_ASKED:
        return &listing->idle;
    }
    return NULL;
}

static void keep_grant(struct listing *listing, struct later *later, const struct grant *grant)
{
    struct arena *arena = listing->who->arena;
    if (later->count++ >= KEPT_MAX)
        return;
    bool excepted = grant->state == GRANT_EXCEPTED;
    struct bytes row = grant_text_place(excepted ? grant->by : grant->source, grant->address);
    const char *line = grant_text_subject(arena, grant);
    line = arena_printf(arena, "%s: %.*s", line ? line : "", (int)row.len, row.data);
    if (line && !excepted && grant->by.len)
        line = arena_printf(arena, "%s: %s%.*s", line,
                            grant->state == GRANT_HIDDEN ? "hidden by " : "", (int)grant->by.len,
                            grant->by.data);
    later->lines[later->count - 1] = line ? line : "";
}

static bool same_domain(const struct listing *listing, struct bytes domain)
{
    for (size_t i = 0; i < listing->domain_count; i++)
        if (bytes_equal(listing->domains[i], domain))
            return true;
    return false;
}

static void note_domain(struct listing *listing, const struct grant *grant)
{
    struct bytes written = grant->address;
    while (written.len && bytes_find(written, '@') < written.len)
        written = bytes_slice(written, bytes_find(written, '@') + 1, written.len);
    if (grant->scope == GRANT_PATTERN || listing->domain_count == DOMAINS_MAX ||
        same_domain(listing, written))
        return;
    struct bytes domain;
    if (address_normalise_domain(listing->scratch, written, &domain) &&
        !same_domain(listing, domain))
        listing->domains[listing->domain_count++] = arena_bytes(listing->who->arena, domain);
}

static void begin(struct listing *listing)
{
    if (listing->begun)
        return;
    listing->begun = true;
    progress_end(&listing->progress);
    fputs("What the login ", stdout);
    who_text(listing->login);
    puts(" may send as:");
}

static bool print_page(struct listing *listing)
{
    begin(listing);
    progress_end(&listing->progress);
    listing->failed = !table_text_print(listing->table, stdout, listing->error) || ferror(stdout);
    return !listing->failed;
}

static bool print_grant(struct listing *listing, const struct grant *grant)
{
    const char *what = grant_text_subject(listing->scratch, grant);
    const char *cell = what ? arena_printf(listing->scratch, "  %s", what) : NULL;
    if (!cell) {
        listing->failed = true;
        return error_set(listing->error, "out of memory");
    }
    table_text_add(listing->table, bytes_of(cell));
    table_text_add(listing->table, grant_text_place(grant->source, grant->address));
    return table_text_rows(listing->table) < ROWS_AT_ONCE || print_page(listing);
}

static bool write_grant(struct listing *listing, const struct grant *grant)
{
    grant_text_json(listing->who->json, grant);
    listing->failed = !who_flush(listing->who) || listing->who->json->failed;
    return !listing->failed || error_set(listing->error, "out of memory");
}

static bool visit(void *context, const struct grant *grant)
{
    struct listing *listing = context;
    bool holds = grant->state == GRANT_HOLDS || grant->state == GRANT_DEPENDS;
    struct later *later = later_for(listing, grant->state);
    arena_clear(listing->scratch);
    listing->granted += holds;
    if (grant->state == GRANT_UNKNOWN && !listing->unknown++)
        listing->reason = arena_bytes(listing->who->arena, grant->by);
    if (holds) {
        note_domain(listing, grant);
        listing->under_rows =
            listing->under_rows || grant->scope == GRANT_DOMAIN || grant->extensions.len > 0;
    }
    bool going = true;
    if (listing->who->json)
        going = write_grant(listing, grant);
    else if (later)
        keep_grant(listing, later, grant);
    else
        going = print_grant(listing, grant);
    return going && !progress_interrupted();
}

static bool step(void *context, size_t rows)
{
    struct listing *listing = context;
    progress_step(&listing->progress, rows);
    return !progress_interrupted();
}

static void print_later(const struct later *later)
{
    if (!later->count)
        return;
    puts(later->heading);
    for (size_t i = 0; i < later->count && i < KEPT_MAX; i++) {
        fputs("  ", stdout);
        who_text(bytes_of(later->lines[i]));
        putchar('\n');
    }
    if (later->count > KEPT_MAX)
        printf("  and %zu more: --json shows them\n", later->count - KEPT_MAX);
}

static void print_nothing(const struct listing *listing)
{
    struct mailbox mailbox;
    struct bytes login = listing->login;
    if (senders_table(listing->who->senders, 0)) {
        puts("  nothing: no row that holds names it");
        who_print_likely(listing->who, listing->login);
    } else if (!address_parse_plain(listing->who->arena, login, &mailbox) || !mailbox.local.len) {
        puts("  nothing: without tables (senders.tables) a login owns the address that it equals, "
             "and this is none");
    } else {
        puts("  nothing: a login without a domain owns its address at each of domains, and there "
             "are none");
    }
}

/* Patterns come before what they may match, and can't be asked what that is. */
static void print_pattern_table(const struct listing *listing)
{
    const struct senders *senders = listing->who->senders;
    for (size_t i = 0; senders_table(senders, i); i++) {
        if (!table_matches_patterns(senders_table(senders, i)))
            continue;
        fputs("Of addresses with an extension, and of any at a domain, those that a pattern "
              "matches go by that: ",
              stdout);
        who_text(bytes_of(table_name(senders_table(senders, i))));
        putchar('\n');
    }
}

static void print_rest(struct listing *listing)
{
    begin(listing);
    if (!listing->granted && !listing->unknown)
        print_nothing(listing);
    else if (listing->granted == listing->depending.count && !listing->unknown)
        puts("  nothing for certain");
    print_later(&listing->excepted);
    print_later(&listing->depending);
    print_later(&listing->idle);
    print_later(&listing->not_known);
    if (listing->under_rows)
        print_pattern_table(listing);
}

/* It was asked for as an address, and is no login. */
static bool print_no_login(const struct listing *listing)
{
    size_t depending = listing->depending.count;
    if (!listing->perhaps || listing->granted > depending || listing->idle.count ||
        listing->unknown)
        return false;
    fputs("No row names ", stdout);
    who_text(listing->login);
    fputs(" as a login", stdout);
    if (depending)
        printf("; %zu pattern%s could: --login shows %s", depending, depending == 1 ? "" : "s",
               depending == 1 ? "it" : "them");
    puts(".");
    return true;
}

static enum who_answer list(struct listing *listing, struct error *error)
{
    const struct grants_visitor visitor = {.visit = visit, .step = step, .context = listing};
    progress_begin(&listing->progress, "read", 0);
    listing->progress.unit = "rows";
    enum grants_walk walk = grants_each(listing->who->senders, listing->login, &visitor, error);
    progress_end(&listing->progress);
    if (progress_interrupted())
        return WHO_INTERRUPTED;
    if (listing->table && table_text_rows(listing->table) && !listing->failed)
        print_page(listing);
    if (listing->failed)
        return WHO_FAILED;
    if (walk == GRANTS_UNAVAILABLE)
        return WHO_UNKNOWN;
    if (listing->unknown) {
        error_set(error, "%.*s", (int)listing->reason.len,
                  listing->reason.len ? listing->reason.data : "");
        return WHO_UNKNOWN;
    }
    return listing->granted ? WHO_SOMEBODY : WHO_NOBODY;
}

static void print_standing(const struct listing *listing)
{
    const struct who *who = listing->who;
    who_print_groups(who, listing->login);
    who_print_policies(who, listing->login);
    if (who->json)
        json_open(who->json, "signing", '[');
    for (size_t i = 0; i < listing->domain_count; i++)
        who_print_signing(who, listing->login, listing->domains[i]);
    if (who->json)
        json_close(who->json, ']');
}

static enum who_answer list_text(struct listing *listing, struct error *error)
{
    table_text_hide_titles(listing->table);
    enum who_answer answer = list(listing, error);
    if (answer == WHO_INTERRUPTED || answer == WHO_FAILED)
        return answer;
    if (print_no_login(listing))
        return WHO_NOBODY;
    print_rest(listing);
    print_standing(listing);
    return answer;
}

static enum who_answer list_json(struct listing *listing, struct error *error)
{
    struct json *json = listing->who->json;
    json_open(json, "login", '{');
    json_bytes(json, "login", listing->login);
    json_open(json, "rows", '[');
    enum who_answer answer = list(listing, error);
    json_close(json, ']');
    print_standing(listing);
    json_close(json, '}');
    return answer;
}

enum who_answer who_login(const struct who *who, struct bytes login, bool perhaps,
                          struct error *error)
{
    struct listing listing = {
        .who = who,
        .login = login,
        .perhaps = perhaps,
        .scratch = arena_new((size_t)1 << 30),
        .table = table_text_new(columns, sizeof columns / sizeof *columns),
        .error = error,
        .excepted.heading = "But not these, which have rows of their own:",
        .depending.heading = "Patterns whose result holds what matched, which may be the login:",
        .idle.heading = "Rows that name it and grant nothing:",
        .not_known.heading = "Not known:",
    };
    enum who_answer answer = WHO_FAILED;
    error_set(error, "out of memory");
    if (listing.scratch && listing.table)
        answer = who->json ? list_json(&listing, error) : list_text(&listing, error);
    table_text_free(listing.table);
    arena_free(listing.scratch);
    return answer;
}
