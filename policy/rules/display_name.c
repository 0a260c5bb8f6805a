/* The name that people see beside the From address does not pretend to be somebody else. */
#include "policy/claim.h"
#include "policy/display.h"
#include "policy/invisible.h"
#include "policy/lookalike.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    struct texts protected;
    struct texts protected_owners;
    int64_t max_length;
};

static bool check_address(const char *text, struct error *error)
{
    struct arena *arena = arena_new(64 * 1024);
    struct mailbox mailbox;
    bool valid = arena && address_parse_plain(arena, bytes_of(text), &mailbox) &&
                 mailbox.local.len && mailbox.domain.len;
    arena_free(arena);
    return valid || error_set(error, "expected a whole address (\"alice@example.com\")");
}

static bool check_name(const char *text, struct error *error)
{
    return bytes_trim(bytes_of(text)).len || error_set(error, "expected a name (\"Jane Doe\")");
}

static const struct option_row options[] = {
    {.name = "protected",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, protected),
     .default_value = "[ ]",
     .max = 200,
     .help = "Names of people (\"Jane Doe\") that nobody else may show, nor a look-alike of them.",
     .check = check_name},
    {.name = "protected_owners",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, protected_owners),
     .default_value = "[ ]",
     .max = 1000,
     .help = "From addresses that may show a protected name.",
     .check = check_address},
    {.name = "max_length",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, max_length),
     .default_value = "200",
     .min = 20,
     .max = 1000,
     .help = "The most characters in a name: a longer one pushes the address out of sight."},
    {0}};

/* What cannot be seen, mixes alphabets, or hides what stands behind it; NULL: nothing of it. */
static const char *misleads_by(struct bytes display, const struct settings *settings)
{
    struct invisible found;
    if (display_is_padded(display, (size_t)settings->max_length))
        return "padding";
    if (invisible_find(display, INVISIBLE_CONTROL | INVISIBLE_LINE_BREAK, &found))
        return "control";
    if (invisible_find(display, INVISIBLE_BIDI, &found))
        return "bidi";
    if (invisible_find(display, INVISIBLE_ZERO_WIDTH, &found))
        return "invisible";
    return lookalike_mixes_scripts(display) ? "mixed-scripts" : NULL;
}

static bool is_protected_owner(struct arena *arena, const struct mailbox *from,
                               const struct texts *owners)
{
    for (size_t i = 0; i < owners->count; i++) {
        struct mailbox owner;
        if (address_parse_plain(arena, bytes_of(owners->items[i]), &owner) &&
            address_same(from, &owner))
            return true;
    }
    return false;
}

static bool shows_protected_name(struct arena *arena, const struct mailbox *from,
                                 const struct settings *settings)
{
    for (size_t i = 0; i < settings->protected.count; i++)
        if (display_shows_name(arena, from->display, bytes_of(settings->protected.items[i])))
            return !is_protected_owner(arena, from, &settings->protected_owners);
    return false;
}

/* One From mailbox by itself; false: it gave the verdict. */
static bool is_honest(const struct mailbox *from, const struct settings *settings,
                      struct arena *arena, struct verdict *verdict)
{
    const char *misleading = misleads_by(from->display, settings);
    verdict->fact = from->display;
    if (misleading) {
        verdict_violation(verdict, arena, misleading, 550, "5.7.1",
                          "Your name in From holds characters or blanks that mislead readers: type "
                          "it anew in your mail program's settings");
        return false;
    }
    if (shows_protected_name(arena, from, settings)) {
        verdict_violation(verdict, arena, "protected-name", 550, "5.7.1",
                          "The name %.*s is kept for somebody else's address than <%.*s>: set your "
                          "own name in your mail program",
                          CLAIM_SHOWN(from->display), CLAIM_SHOWN(from->address));
        return false;
    }
    return true;
}

static bool is_from_address(const struct facts *facts, const struct mailbox *mailbox)
{
    for (size_t i = 0; i < facts->from.count; i++)
        if (address_same(&facts->from.mailboxes[i], mailbox))
            return true;
    return false;
}

/* The addresses that stand in the name are From's own, or the login's to use. */
static void judge_addresses(const struct facts *facts, struct arena *arena, struct verdict *verdict)
{
    bool unanswered = false;
    for (size_t i = 0; i < facts->identity_count; i++) {
        const struct identity *identity = &facts->identities[i];
        if (identity->kind != IDENTITY_DISPLAY_NAME || identity->ownership == OWNERSHIP_GRANTED ||
            is_from_address(facts, identity->mailbox))
            continue;
        if (identity->ownership == OWNERSHIP_UNAVAILABLE) {
            unanswered = true;
            continue;
        }
        verdict->fact = identity->mailbox->address;
        verdict_violation(
            verdict, arena, "other-address", 550, "5.7.1",
            "Your name in From holds the address <%.*s>, which is not yours: set your "
            "own name in your mail program",
            CLAIM_SHOWN(verdict->fact));
        return;
    }
    if (unanswered)
        verdict_unavailable(verdict, arena, "owner-unknown",
                            "It cannot be found out just now whose address stands in the name in "
                            "From: please try again later");
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    for (size_t i = 0; i < facts->from.count; i++)
        if (!is_honest(&facts->from.mailboxes[i], settings, arena, verdict))
            return;
    verdict_pass(verdict, NULL);
    judge_addresses(facts, arena, verdict);
}

const struct rule rule_display_name = {
    .name = "display_name",
    .asks = "Whether the name beside the From address shows another's address, a protected name, "
            "or characters that mislead.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
