/* Reading one line of a file of expectations: who, in which circumstances, and what is expected. */
#include "gate/expectation.h"

#include "gate/expectation_circumstance.h"
#include "gate/expectation_outcome.h"

static bool read_login(struct words *words, struct facts_login *login)
{
    if (words_is(words, "nobody")) {
        *login = (struct facts_login){.state = FACT_ABSENT};
        return words_next(words);
    }
    if (words->word.kind > WORD_QUOTED || !words->word.text.len)
        return words_expected(words, "a login, or \"nobody\"");
    login->state = FACT_KNOWN;
    login->name = words->word.text;
    return words_next(words);
}

/* What would else be guessed. */
static bool check(const struct words *words, const struct expectation *expectation)
{
    bool nobody = expectation->session.login.state != FACT_KNOWN;
    if (!nobody || !(expectation->own_fields & OWN_FROM))
        return true;
    return words_refuse(words, "nobody has an address of their own: say \"from ADDRESS\", or "
                               "\"without From\" and a mail-from");
}

bool expectation_parse(const char *file, unsigned line, struct bytes text, struct arena *arena,
                       bool *ret_any, struct expectation *expectation, struct error *error)
{
    struct words words = {.file = file, .line = line, .text = text, .arena = arena, .error = error};
    *expectation = (struct expectation){.file = file, .line = line, .own_fields = OWN_FIELDS};
    attempt_session(&expectation->session);
    if (!words_begin(&words))
        return false;
    *ret_any = words.word.kind != WORD_END;
    if (!*ret_any)
        return true;
    if (!read_login(&words, &expectation->session.login) ||
        !circumstances_read(&words, expectation) || !check(&words, expectation) ||
        !words_next(&words) || !outcomes_read(&words, expectation))
        return false;
    expectation->text = bytes_trim(bytes_slice(text, 0, words.end));
    return !arena_failed(arena) || words_refuse(&words, "out of memory");
}
