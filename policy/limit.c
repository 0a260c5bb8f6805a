/* Reading a limit from the configuration, word by word. */
#include "policy/limit.h"

#include <string.h>

#define MAX INT64_C(1000000000000000) /* sums of it don't overflow */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* The words that may stand for a quantity; its own word is the first. */
static const char *const quantity_words[QUANTITY_COUNT][5] = {
    [QUANTITY_MESSAGES] = {"messages", "message"},
    [QUANTITY_RECIPIENTS] = {"recipients", "recipient"},
    [QUANTITY_NEW] = {"new", "new recipients", "new recipient"},
    [QUANTITY_BYTES] = {"bytes", "byte"},
    [QUANTITY_REFUSALS] = {"refusals", "refusal"},
};

/* The rest behind a word that ends there, or NULL. A blank of it stands for any run of blanks. */
static const char *behind_word(const char *text, const char *word)
{
    for (; *word; word++) {
        const char *behind = *word == ' ' ? skip_blanks(text) : text + (*text == *word);
        if (behind == text)
            return NULL;
        text = behind;
    }
    return *text == '\0' || strchr(" \t/", *text) ? text : NULL;
}

static int64_t factor_of(char letter)
{
    switch (letter) {
    case 'k':
    case 'K':
        return 1024;
    case 'm':
    case 'M':
        return 1024 * 1024;
    case 'g':
    case 'G':
        return 1024 * 1024 * 1024;
    default:
        return 1;
    }
}

static bool read_number(const char **at, int64_t *ret_number, bool *ret_scaled)
{
    const char *digit = *at;
    int64_t number = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        number = number * 10 + (*digit - '0');
        if (number > MAX)
            return false;
    }
    if (digit == *at)
        return false;
    int64_t factor = factor_of(*digit);
    *ret_scaled = factor > 1;
    *at = digit + *ret_scaled;
    if (number > MAX / factor)
        return false;
    *ret_number = number * factor;
    return true;
}

/* The longest word that fits: "new recipients" before "new". */
static bool read_quantity(const char **at, enum quantity *ret_quantity)
{
    const char *end = NULL;
    for (int i = 0; i < QUANTITY_COUNT; i++)
        for (size_t j = 0; quantity_words[i][j]; j++) {
            const char *behind = behind_word(*at, quantity_words[i][j]);
            if (!behind || (end && behind < end))
                continue;
            end = behind;
            *ret_quantity = (enum quantity)i;
        }
    if (end)
        *at = end;
    return end != NULL;
}

static bool read_window(const char *at, enum window *ret_window)
{
    at = skip_blanks(at);
    if (*at++ != '/')
        return false;
    at = skip_blanks(at);
    for (int i = 0; i < WINDOW_COUNT; i++) {
        const char *behind = behind_word(at, window_word((enum window)i));
        if (!behind || *skip_blanks(behind))
            continue;
        *ret_window = (enum window)i;
        return true;
    }
    return false;
}

bool limit_parse(const char *text, struct limit *ret_limit, struct error *error)
{
    const char *at = skip_blanks(text);
    const char *word;
    bool scaled;
    if (!read_number(&at, &ret_limit->max, &scaled))
        return error_set(error,
                         "expected a number up to %lld and what it limits, like "
                         "\"30 messages/minute\" or \"2G bytes/day\"",
                         (long long)MAX);
    word = skip_blanks(at);
    if (word == at || !read_quantity(&word, &ret_limit->quantity))
        return error_set(error, "expected \"messages\", \"recipients\", \"new\", \"bytes\" or "
                                "\"refusals\" behind the number and a blank, like "
                                "\"30 messages/minute\"");
    if (scaled && ret_limit->quantity != QUANTITY_BYTES)
        return error_set(error, "expected a plain number of %s: k, M and G are for bytes",
                         quantity_words[ret_limit->quantity][0]);
    if (!read_window(word, &ret_limit->window))
        return error_set(error, "expected \"/minute\", \"/hour\" or \"/day\" at the end, like "
                                "\"30 messages/minute\"");
    return true;
}

bool limit_check(const char *text, struct error *error)
{
    struct limit limit;
    return limit_parse(text, &limit, error);
}

bool limit_check_of_domain(const char *text, struct error *error)
{
    struct limit limit;
    return limit_parse(text, &limit, error) &&
           (limit.quantity != QUANTITY_REFUSALS ||
            error_set(error,
                      "expected messages, recipients, new or bytes: refusals are not counted "
                      "of a domain, as whoever is refused may have named any"));
}

bool limit_clash(const char *text, const char *other, struct error *error)
{
    struct limit one;
    struct limit two;
    struct error why;
    if (!limit_parse(text, &one, &why) || !limit_parse(other, &two, &why) ||
        one.quantity != two.quantity || one.window != two.window)
        return false;
    return !error_set(error,
                      "expected one limit of a quantity and a window in a list, and \"%.60s\" is "
                      "before it",
                      text);
}
