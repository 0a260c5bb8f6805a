/* Taking claims from the activity, and looking at what is left. */
#include "ctl/propose/other_mail.h"

#include <stdlib.h>

#define SETTLED_DAYS 2  /* from one network: it is where the login is at home, not a visit */
#define SITE_LOGINS 3   /* settled in one network: it is the site's own */
#define SHORT_HISTORY 3 /* days: too few for anybody to have settled */
#define ROAMS_FROM 5    /* networks */

static int by_number(const void *left, const void *right)
{
    USES_ORDER(*(const uint32_t *)left, *(const uint32_t *)right);
    return 0;
}

/* other: sorted by network and login. */
static bool find_site_networks(struct other_mail *mail, const struct uses *other)
{
    mail->site_networks = calloc(other->count + 1, sizeof(uint32_t));
    if (!mail->site_networks)
        return false;
    size_t settled = 0;
    for (size_t i = 0, next; i < other->count; i = next) {
        const struct use *items = other->items;
        for (next = i; next < other->count; next++)
            if (items[next].network != items[i].network || items[next].login != items[i].login)
                break;
        settled += next - i >= SETTLED_DAYS;
        bool last_login = next == other->count || items[next].network != items[i].network;
        if (last_login && settled >= SITE_LOGINS)
            mail->site_networks[mail->site_network_count++] = items[i].network;
        if (last_login)
            settled = 0;
    }
    return true;
}

static bool is_site_network(const struct other_mail *mail, uint32_t network)
{
    return bsearch(&network, mail->site_networks, mail->site_network_count, sizeof network,
                   by_number) != NULL;
}

static bool is_short(const struct uses *activity)
{
    int64_t first = INT64_MAX;
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < activity->count; i++) {
        first = activity->items[i].day < first ? activity->items[i].day : first;
        last = activity->items[i].day > last ? activity->items[i].day : last;
    }
    return !activity->count || last - first < SHORT_HISTORY;
}

static void forget_addresses(struct uses *uses)
{
    for (size_t i = 0; i < uses->count; i++)
        uses->items[i].address = 0;
}

/* False when memory is out. */
static bool sum_claims(const struct uses *claims, struct uses *ret_sums)
{
    for (size_t i = 0; i < claims->count; i++)
        if (!uses_add(ret_sums, &claims->items[i]))
            return false;
    forget_addresses(ret_sums);
    uses_settle(ret_sums, uses_by_address);
    return true;
}

/* What is left of the activity without the claims. A message with two claims stands in them twice;
 * of one whose claims were granted since, the activity says that it claims. The lesser number of
 * both is right. False when memory is out. */
static bool find_other(const struct uses *activity, const struct uses *claimed,
                       struct uses *ret_other)
{
    size_t c = 0;
    for (size_t i = 0; i < activity->count; i++) {
        struct use use = activity->items[i];
        while (c < claimed->count && uses_by_address(&claimed->items[c], &use) < 0)
            c++;
        int64_t claims = c < claimed->count && uses_by_address(&claimed->items[c], &use) == 0
                             ? claimed->items[c].messages
                             : 0;
        use.messages -= claims < use.claiming ? claims : use.claiming;
        if (use.messages > 0 && !uses_add(ret_other, &use))
            return false;
    }
    return true;
}

bool other_mail_find(struct uses *claims, struct uses *activity, struct other_mail *ret_other)
{
    *ret_other = (struct other_mail){0};
    forget_addresses(activity);
    uses_settle(activity, uses_by_address);
    uses_settle(claims, uses_by_address);
    ret_other->short_history = is_short(activity);
    if (!sum_claims(claims, &ret_other->claimed) ||
        !find_other(activity, &ret_other->claimed, &ret_other->uses))
        return false;
    uses_settle(&ret_other->uses, uses_by_network);
    bool found = find_site_networks(ret_other, &ret_other->uses);
    uses_settle(&ret_other->uses, uses_by_address);
    return found;
}

void other_mail_done(struct other_mail *other)
{
    free(other->uses.items);
    free(other->claimed.items);
    free(other->site_networks);
}

bool other_mail_is_known(const struct other_mail *other, uint32_t login, uint32_t network)
{
    size_t days;
    uses_of(&other->uses, login, &network, &days);
    return days >= SETTLED_DAYS || (other->short_history && days) ||
           is_site_network(other, network);
}

bool other_mail_roams(const struct other_mail *other, uint32_t login)
{
    size_t count;
    const struct use *uses = uses_of(&other->uses, login, NULL, &count);
    size_t networks = 0;
    size_t visited = 0;
    for (size_t i = 0, next; i < count; i = next) {
        size_t claims;
        for (next = i; next < count && uses[next].network == uses[i].network; next++)
            continue;
        uses_of(&other->claimed, login, &uses[i].network, &claims);
        networks += claims == 0;
        visited += claims == 0 && next - i == 1;
    }
    return !other->short_history && networks >= ROAMS_FROM && visited * 2 > networks;
}
