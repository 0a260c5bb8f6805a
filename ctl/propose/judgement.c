/* The reasons as rows, and when each of them holds. */
#include "ctl/propose/judgement.h"

#define HOUR_MS ((int64_t)60 * 60 * 1000)
#define DAY_MS (24 * HOUR_MS)
#define MANY 20  /* recipients or messages: more than people write to in a burst by hand */
#define MASS 100 /* of them: mass mail */
#define OTHERS 2 /* addresses that were tried within a day */
#define SUSPECT_FROM 50
#define THEFT_FROM 100
#define DECISIVE 200 /* no habit outweighs it */

struct row {
    const char *word;
    int points;
    bool (*holds)(const struct evidence *, const struct judgement_address *);
    const char *text;
};

static bool lookalike_domain(const struct evidence *evidence,
                             const struct judgement_address *address)
{
    (void)evidence;
    return address->imitates != NULL;
}

static bool outside_domains(const struct evidence *evidence,
                            const struct judgement_address *address)
{
    (void)evidence;
    return !address->ours && !address->imitates;
}

static bool own_name(const struct evidence *evidence, const struct judgement_address *address)
{
    (void)evidence;
    return address->own;
}

static bool another_login(const struct evidence *evidence, const struct judgement_address *address)
{
    (void)evidence;
    return address->another_login;
}

static bool main_of_another(const struct evidence *evidence,
                            const struct judgement_address *address)
{
    (void)evidence;
    return address->main_of_another && !address->another_login;
}

static bool strange_network(const struct evidence *evidence,
                            const struct judgement_address *address)
{
    (void)address;
    return evidence->strange_messages * 2 > evidence->messages;
}

static bool refused_elsewhere(const struct evidence *evidence,
                              const struct judgement_address *address)
{
    (void)address;
    return evidence->sprayed >= OTHERS;
}

static bool shared_network(const struct evidence *evidence, const struct judgement_address *address)
{
    (void)address;
    return evidence->crowd >= 2;
}

static bool is_many(const struct evidence *evidence)
{
    return evidence->recipients >= MANY || evidence->messages >= MANY;
}

static bool burst_hour(const struct evidence *evidence, const struct judgement_address *address)
{
    (void)address;
    return is_many(evidence) && evidence->last - evidence->first <= HOUR_MS;
}

/* A try the day before does not make a burst a habit. */
static bool in_one_day(const struct evidence *evidence)
{
    return evidence->last - evidence->first <= DAY_MS ||
           evidence->busiest_day * 10 >= evidence->messages * 9;
}

static bool burst_day(const struct evidence *evidence, const struct judgement_address *address)
{
    return is_many(evidence) && in_one_day(evidence) && !burst_hour(evidence, address);
}

/* For days, from where the login is not known. */
static bool mass_mail(const struct evidence *evidence, const struct judgement_address *address)
{
    return (evidence->recipients >= MASS || evidence->messages >= MASS) && !in_one_day(evidence) &&
           strange_network(evidence, address);
}

static bool nothing_else(const struct evidence *evidence, const struct judgement_address *address)
{
    (void)address;
    return evidence->other_messages == 0;
}

static bool over_a_week(const struct evidence *evidence)
{
    return evidence->last - evidence->first >= 7 * DAY_MS;
}

/* No day has most of it. */
static bool many_days(const struct evidence *evidence, const struct judgement_address *address)
{
    (void)address;
    return evidence->days >= 3 && over_a_week(evidence) &&
           evidence->busiest_day * 3 <= evidence->messages * 2;
}

/* A thief comes back too while the password holds. */
static bool came_back(const struct evidence *evidence, const struct judgement_address *address)
{
    bool soon = evidence->days >= 3 && !strange_network(evidence, address);
    return (over_a_week(evidence) || soon) && !in_one_day(evidence) &&
           !many_days(evidence, address);
}

static bool on_the_road(const struct evidence *evidence, const struct judgement_address *address)
{
    return evidence->roams && strange_network(evidence, address);
}

static bool known_network(const struct evidence *evidence, const struct judgement_address *address)
{
    (void)address;
    return evidence->other_messages > 0 && evidence->strange_messages * 2 <= evidence->messages;
}

static const struct row rows[JUDGEMENT_REASONS] = {
    [JUDGEMENT_LOOKALIKE_DOMAIN] = {"lookalike-domain", DECISIVE, lookalike_domain,
                                    "its domain only looks like one of this server's"},
    [JUDGEMENT_OUTSIDE_DOMAINS] = {"outside-domains", 0, outside_domains,
                                   "it lies in none of this server's domains"},
    [JUDGEMENT_ANOTHER_LOGIN] = {"another-login", 80, another_login,
                                 "it is another person's own: ask them"},
    [JUDGEMENT_STRANGE_NETWORK] =
        {"strange-network", 50, strange_network,
         "from networks where this login is not at home with its other mail"},
    [JUDGEMENT_REFUSED_ELSEWHERE] =
        {"refused-elsewhere", 40, refused_elsewhere,
         "the login tried other addresses that are not its own on the same day"},
    [JUDGEMENT_SHARED_NETWORK] = {"shared-network", 40, shared_network,
                                  "other logins claim what they do not own from the same strange "
                                  "network"},
    [JUDGEMENT_MAIN_OF_ANOTHER] = {"main-of-another", 40, main_of_another,
                                   "another login sends most of its mail as it"},
    [JUDGEMENT_BURST_HOUR] = {"burst-hour", 30, burst_hour,
                              "all within an hour, to many recipients"},
    [JUDGEMENT_BURST_DAY] = {"burst-day", 20, burst_day,
                             "nearly all within a day, to many recipients"},
    [JUDGEMENT_MASS_MAIL] = {"mass-mail", 30, mass_mail,
                             "to many recipients, from networks where this login is not at home"},
    [JUDGEMENT_NOTHING_ELSE] = {"nothing-else", 20, nothing_else,
                                "this login sent nothing else that it could be compared with"},
    [JUDGEMENT_OWN_NAME] = {"own-name", -50, own_name, "it is the login's own name"},
    [JUDGEMENT_MANY_DAYS] = {"many-days", -50, many_days, "on many days, over more than a week"},
    [JUDGEMENT_CAME_BACK] = {"came-back", -30, came_back, "it came back on another day"},
    [JUDGEMENT_ON_THE_ROAD] = {"on-the-road", -30, on_the_road,
                               "this login's other mail comes from ever new networks too"},
    [JUDGEMENT_KNOWN_NETWORK] = {"known-network", -20, known_network,
                                 "from networks that this login's other mail comes from"},
};

bool judgement_has(const struct judgement *judgement, enum judgement_reason reason)
{
    return judgement->reasons >> reason & 1;
}

bool judgement_holds_back(const struct judgement *judgement)
{
    return judgement->verdict >= JUDGEMENT_ASK;
}

void judgement_make(const struct evidence *evidence, const struct judgement_address *address,
                    struct judgement *ret_judgement)
{
    bool doubts = false;
    *ret_judgement = (struct judgement){JUDGEMENT_HABIT, 0, 0};
    for (int i = 0; i < JUDGEMENT_REASONS; i++) {
        if (!rows[i].holds(evidence, address))
            continue;
        ret_judgement->reasons |= 1U << i;
        ret_judgement->points += rows[i].points;
        doubts = doubts || rows[i].points > 0;
    }
    if (ret_judgement->points >= THEFT_FROM)
        ret_judgement->verdict = JUDGEMENT_THEFT;
    else if (ret_judgement->points >= SUSPECT_FROM)
        ret_judgement->verdict = JUDGEMENT_SUSPECT;
    else if (judgement_has(ret_judgement, JUDGEMENT_OUTSIDE_DOMAINS))
        ret_judgement->verdict = JUDGEMENT_FOREIGN;
    else if (address->another_login || (address->main_of_another && !address->shared))
        ret_judgement->verdict = JUDGEMENT_ASK;
    else if (doubts)
        ret_judgement->verdict = JUDGEMENT_UNCLEAR;
}

const char *judgement_reason_word(enum judgement_reason reason)
{
    return rows[reason].word;
}

const char *judgement_reason_text(enum judgement_reason reason)
{
    return rows[reason].text;
}

int judgement_reason_points(enum judgement_reason reason)
{
    return rows[reason].points;
}

const char *judgement_verdict_word(enum judgement_verdict verdict)
{
    static const char *const words[] = {"habit", "unclear", "ask", "foreign", "suspect", "theft"};
    return words[verdict];
}
