/* What signs of theft lead to. */
#include "policy/sign.h"

const char *const sign_then_words[] = {"nothing", "slow", "freeze", NULL};

bool sign_can_be_seen(const struct facts *facts, struct verdict *verdict)
{
    if (facts->limits.state != FACT_KNOWN)
        verdict_pass(verdict, "not-counted");
    else if (!facts->limits.subjects[SUBJECT_LOGIN].name.len)
        verdict_pass(verdict, "no-login");
    else
        return true;
    return false;
}

void sign_found(const struct sign_settings *settings, const char *reason, const char *fact,
                const char *saw, struct arena *arena, struct verdict *verdict)
{
    bool for_good = settings->common.action == ACTION_REJECT;
    verdict->fact = bytes_of(fact);
    verdict->contain = (enum login_state)settings->then;
    verdict->contain_for = settings->lasts;
    verdict_violation(verdict, arena, reason, for_good ? 550 : 451, for_good ? "5.7.1" : "4.7.1",
                      "Somebody else may be using your account, as %s: if that was not you, change "
                      "your password; ask your postmaster, or try again later",
                      saw ? saw : "it is used in an unusual way");
}

int64_t sign_count(const struct facts *facts, enum quantity quantity, enum window window)
{
    return facts->limits.subjects[SUBJECT_LOGIN].counted.counts[quantity][window];
}

bool sign_is_older(const struct facts *facts, int64_t since, int64_t seconds)
{
    return since && facts->now - since >= seconds;
}
