/* Reading the circumstances of an expectation: a keyword and what belongs to it, in any order. */
#include "gate/expectation_circumstance.h"

#include <stdlib.h>
#include <string.h>

#include "gate/circumstance.h"

bool circumstance_text(struct reading *reading, const char *what, struct bytes *ret_text)
{
    struct words *words = reading->words;
    if (words->word.kind > WORD_QUOTED || !words->word.text.len)
        return words_expected(words, what);
    *ret_text = words->word.text;
    return words_next(words);
}

bool circumstance_number(struct reading *reading, const char *what, int64_t max,
                         int64_t *ret_number)
{
    struct words *words = reading->words;
    char digits[12];
    struct bytes text = words->word.text;
    bool good = words->word.kind == WORD_PLAIN && text.len && text.len < sizeof digits;
    for (size_t i = 0; good && i < text.len; i++)
        good = text.data[i] >= '0' && text.data[i] <= '9';
    if (!good)
        return words_expected(words, what);
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    *ret_number = strtol(digits, NULL, 10);
    return (*ret_number >= 1 && *ret_number <= max) ? words_next(words)
                                                    : words_expected(words, what);
}

static const struct {
    const char *keyword;
    bool (*read)(struct reading *reading);
    bool repeats;
    bool smtp; /* sendmail(1) has none */
} circumstances[] = {
    {"from", circumstance_from, false, false},
    {"sender", circumstance_sender, false, false},
    {"field", circumstance_field, true, false},
    {"mail-from", circumstance_mail_from, false, false},
    {"to", circumstance_to, false, false},
    {"without", circumstance_without, true, false},
    {"on", circumstance_on, false, false},
    {"sendmail", circumstance_sendmail, false, false},
    {"locally", circumstance_locally, false, false},
    {"over", circumstance_over, false, true},
    {"cipher", circumstance_cipher, false, true},
    {"bits", circumstance_bits, false, true},
    {"certificate", circumstance_certificate, false, true},
    {"using", circumstance_using, false, true},
    {"client", circumstance_client, false, true},
    {"port", circumstance_port, false, true},
    {"daemon", circumstance_daemon, false, true},
    {"helo", circumstance_helo, false, true},
};
#define CIRCUMSTANCE_COUNT (sizeof circumstances / sizeof *circumstances)

static bool refuse_keyword(struct words *words)
{
    const char *names[CIRCUMSTANCE_COUNT + 1] = {NULL};
    for (size_t i = 0; i < CIRCUMSTANCE_COUNT; i++)
        names[i] = circumstances[i].keyword;
    if (words->word.kind == WORD_PLAIN)
        return words_unknown(words, "circumstance", words->word.text, names);
    return words_expected(words, "a circumstance like \"from\" or \"over\", or a colon and what "
                                 "is expected");
}

static bool read_one(struct reading *reading, bool *given)
{
    struct words *words = reading->words;
    for (size_t i = 0; i < CIRCUMSTANCE_COUNT; i++) {
        if (!words_is(words, circumstances[i].keyword))
            continue;
        if (given[i] && !circumstances[i].repeats)
            return words_refuse(words, "\"%s\" stands here twice", circumstances[i].keyword);
        given[i] = true;
        return words_next(words) && circumstances[i].read(reading);
    }
    return refuse_keyword(words);
}

/* What contradicts itself: else the order of the words would decide. */
static bool check(const struct reading *reading, const bool *given)
{
    const struct words *words = reading->words;
    const struct message_session *session = &reading->expectation->session;
    bool locally = !session->connection.smtp;
    for (size_t i = 0; i < CIRCUMSTANCE_COUNT; i++) {
        bool tls = circumstances[i].read == circumstance_over ||
                   circumstances[i].read == circumstance_cipher ||
                   circumstances[i].read == circumstance_bits ||
                   circumstances[i].read == circumstance_certificate;
        if (given[i] && locally && circumstances[i].smtp)
            return words_refuse(words, "\"locally\" is mail of sendmail(1): there is no \"%s\"",
                                circumstances[i].keyword);
        if (given[i] && session->login.state != FACT_KNOWN &&
            circumstances[i].read == circumstance_using)
            return words_refuse(words, "nobody has logged in: there is no \"using\"");
        if (given[i] && reading->without_tls && tls)
            return words_refuse(words, "without TLS there is no \"%s\"", circumstances[i].keyword);
    }
    return true;
}

static bool check_fields(const struct reading *reading)
{
    struct expectation *expectation = reading->expectation;
    if (reading->given & reading->without)
        return words_refuse(reading->words, "a field is given here that is said to be missing");
    expectation->own_fields = OWN_FIELDS & ~(reading->given | reading->without);
    return true;
}

static void settle_tls(const struct reading *reading, struct facts_tls *tls)
{
    if (reading->without_tls) {
        *tls = (struct facts_tls){0};
        return;
    }
    tls->cert_subject = reading->certificate;
    if (reading->cipher.len)
        tls->cipher = reading->cipher;
    if (reading->cipher_bits)
        tls->cipher_bits = reading->cipher_bits;
}

bool circumstances_read(struct words *words, struct expectation *expectation)
{
    struct reading reading = {.words = words, .expectation = expectation};
    bool given[CIRCUMSTANCE_COUNT] = {false};
    while (words->word.kind != WORD_COLON)
        if (!read_one(&reading, given))
            return false;
    if (!check(&reading, given) || !check_fields(&reading))
        return false;
    settle_tls(&reading, &expectation->session.tls);
    return true;
}
