/* Reading what is expected of a submission. */
#include "gate/expectation_outcome.h"

#include <string.h>

static bool is_done(const struct words *words)
{
    return words->word.kind == WORD_COMMA || words->word.kind == WORD_END;
}

/* "by" may stand before a name, as in "refused by from". */
static bool pass_by(struct words *words)
{
    return !words_is(words, "by") || words_next(words);
}

static bool refuse_rule(const struct words *words, struct bytes name)
{
    const char *names[RULE_COUNT + 1] = {NULL};
    for (size_t i = 0; i < RULE_COUNT; i++)
        names[i] = rules[i]->name;
    return words_unknown(words, "rule", name, names);
}

/* RULE or RULE.REASON, where there is one. */
static bool read_rule(struct words *words, struct expected *expected)
{
    bool by = words_is(words, "by");
    if (!pass_by(words))
        return false;
    if (!by && is_done(words))
        return true;
    struct bytes text = words->word.text;
    if (words->word.kind != WORD_PLAIN)
        return words_expected(words, "a rule, or RULE.REASON like from.not-owned");
    size_t dot = bytes_find(text, '.');
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (bytes_equal(bytes_slice(text, 0, dot), bytes_of(rules[i]->name)))
            expected->rule = (enum rule_id)i;
    if (expected->rule == RULE_COUNT)
        return refuse_rule(words, bytes_slice(text, 0, dot));
    expected->reason = bytes_slice(text, dot + 1, text.len);
    if (dot < text.len && !expected->reason.len)
        return words_expected(words, "a reason behind the rule, like from.not-owned");
    return words_next(words);
}

/* DOMAIN or DOMAIN/SELECTOR, where there is one. */
static bool read_signer(struct words *words, struct expected *expected)
{
    bool by = words_is(words, "by");
    if (!pass_by(words))
        return false;
    if (!by && is_done(words))
        return true;
    struct bytes text = words->word.text;
    size_t slash = bytes_find(text, '/');
    if (words->word.kind != WORD_PLAIN || (slash < text.len && slash + 1 == text.len) ||
        !address_normalise_domain(words->arena, bytes_slice(text, 0, slash), &expected->name))
        return words_expected(words, "a domain, or DOMAIN/SELECTOR like example.com/s1");
    expected->selector = bytes_slice(text, slash + 1, text.len);
    return words_next(words);
}

static bool read_name(struct words *words, struct expected *expected)
{
    if (words->word.kind > WORD_QUOTED || !words->word.text.len)
        return words_expected(words, expected->kind == EXPECTED_POLICY ? "a policy's name"
                                                                       : "a listener's name");
    expected->name = words->word.text;
    return words_next(words);
}

static bool read_signed_behind_not(struct words *words, struct expected *expected)
{
    (void)expected;
    if (!words_is(words, "signed"))
        return words_expected(words, "\"not signed\"");
    return words_next(words);
}

static const struct {
    const char *keyword;
    enum expected_kind kind;
    bool may_be_observed;
    bool (*read)(struct words *words, struct expected *expected);
} outcomes[] = {
    {"accepted", EXPECTED_ACCEPTED, false, NULL},
    {"refused", EXPECTED_REFUSED, true, read_rule},
    {"deferred", EXPECTED_DEFERRED, true, read_rule},
    {"quarantined", EXPECTED_QUARANTINED, true, read_rule},
    {"fixed", EXPECTED_FIXED, true, read_rule},
    {"signed", EXPECTED_SIGNED, false, read_signer},
    {"not", EXPECTED_NOT_SIGNED, false, read_signed_behind_not},
    {"policy", EXPECTED_POLICY, false, read_name},
    {"listener", EXPECTED_LISTENER, false, read_name},
};
#define OUTCOME_COUNT (sizeof outcomes / sizeof *outcomes)

static bool refuse_keyword(const struct words *words, bool would)
{
    const char *names[OUTCOME_COUNT + 2] = {NULL};
    if (would)
        return words_expected(words, "refused, deferred, quarantined or fixed behind \"would be\"");
    if (words->word.kind != WORD_PLAIN)
        return words_expected(words, "an outcome like \"accepted\" or \"refused\"");
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        names[i] = outcomes[i].kind == EXPECTED_NOT_SIGNED ? "not signed" : outcomes[i].keyword;
    names[OUTCOME_COUNT] = "would be refused";
    return words_unknown(words, "outcome", words->word.text, names);
}

static bool read_keyword(struct words *words, struct expected *expected)
{
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        if (!words_is(words, outcomes[i].keyword) ||
            (expected->would && !outcomes[i].may_be_observed))
            continue;
        expected->kind = outcomes[i].kind;
        return words_next(words) && (!outcomes[i].read || outcomes[i].read(words, expected));
    }
    return refuse_keyword(words, expected->would);
}

static bool read_would(struct words *words, struct expected *expected)
{
    if (!words_is(words, "would"))
        return true;
    expected->would = true;
    if (!words_next(words))
        return false;
    return words_is(words, "be") ? words_next(words) : words_expected(words, "\"would be\"");
}

static bool is_end_of_mail(const struct expected *expected)
{
    return !expected->would && expected->kind <= EXPECTED_QUARANTINED;
}

static bool check_contradiction(const struct words *words, const struct expectation *expectation)
{
    const struct expected *last = &expectation->expected[expectation->expected_count - 1];
    for (const struct expected *one = expectation->expected; one < last; one++)
        if (is_end_of_mail(one) && is_end_of_mail(last) && one->kind != last->kind)
            return words_refuse(words, "\"%.*s\" and \"%.*s\" can never both hold",
                                (int)one->written.len, one->written.data, (int)last->written.len,
                                last->written.data);
    return true;
}

static bool read_one(struct words *words, struct expectation *expectation)
{
    if (expectation->expected_count == EXPECTATION_OUTCOMES_MAX)
        return words_refuse(words, "at most %d outcomes", EXPECTATION_OUTCOMES_MAX);
    struct expected *expected = &expectation->expected[expectation->expected_count++];
    size_t begin = words->at - words->word.written.len;
    *expected = (struct expected){.rule = RULE_COUNT};
    if (!read_would(words, expected) || !read_keyword(words, expected))
        return false;
    expected->written = bytes_slice(words->text, begin, words->end);
    if (expected->kind == EXPECTED_SIGNED || expected->kind == EXPECTED_NOT_SIGNED)
        expectation->about_signatures = true;
    if (!is_done(words))
        return words_expected(words, "a comma and a further outcome, or the end of the line");
    return check_contradiction(words, expectation);
}

static bool read_all(struct words *words, struct expectation *expectation)
{
    for (;;) {
        if (!read_one(words, expectation))
            return false;
        if (words->word.kind != WORD_COMMA)
            return true;
        if (!words_next(words))
            return false;
    }
}

bool outcomes_read(struct words *words, struct expectation *expectation)
{
    struct expected expected[EXPECTATION_OUTCOMES_MAX] = {0};
    struct expected *kept = NULL;
    expectation->expected = expected;
    bool good = read_all(words, expectation);
    size_t size = expectation->expected_count * sizeof *expected;
    if (good && !(kept = arena_alloc(words->arena, size)))
        good = words_refuse(words, "out of memory");
    if (kept)
        memcpy(kept, expected, size);
    expectation->expected = kept;
    return good;
}
