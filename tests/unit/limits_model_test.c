/* Random traffic against an exact model: never more than a limit in any window, never a refusal
 * while the window and one step of its counters are under it; counts, correspondents and standings
 * as the model has them.
 *
 *   SUBMILTER_SEED=N limits_model_test     that one run again, on every store
 *   SUBMILTER_RUNS=N limits_model_test     so many runs on each */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/limits_model.h"
#include "tests/unit/limits_places.h"
#include "tests/unit/limits_traffic.h"

#define STEPS 1500
#define PATIENCE 120 /* seconds: for a fleet on a busy machine */

/* One run: its store, its model, its clock. */
struct run {
    uint64_t seed;
    struct place place;
    struct model *model;
    struct traffic traffic;
    unsigned step;
    unsigned hurry;     /* how much happens within a window */
    bool clock_is_true; /* it is never set */
    bool takes_time;    /* a store's threads get to do something */
    bool degraded;      /* the store was too slow for a moment: what follows says nothing */
    unsigned admitted, refused;
};

#define CHECK(run, condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            failed(run, #condition, __VA_ARGS__);                                                  \
    } while (0)

__attribute__((format(printf, 3, 4))) static void
failed(const struct run *run, const char *condition, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail_msg("SUBMILTER_SEED=%llu, store %d, step %u: %s: %s\n%s", (unsigned long long)run->seed,
             run->place.kind, run->step, condition, text, place_said());
}

/* ---- What happens, and what must come of it ---- */

static void ask_host(struct run *run, size_t host, struct made *made)
{
    place_ask(&run->place, host, &made->request);
    CHECK(run, made->request.answer.answered, "no answer");
    if (made->request.answer.degraded)
        run->degraded = true;
}

static size_t any_host(const struct run *run)
{
    return chance((unsigned)run->place.host_count);
}

static void ask(struct run *run, struct made *made)
{
    ask_host(run, any_host(run), made);
}

static void check_counts(const struct run *run, const struct made *made, struct model *model)
{
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        struct bytes name = made->request.who.names[kind];
        const struct counted_subject *subject = &made->request.answer.subjects[kind];
        for (int quantity = 0; name.len > 0 && quantity < QUANTITY_COUNT; quantity++)
            for (int window = 0; window < WINDOW_COUNT; window++) {
                struct model_range range;
                model_range(model, kind, name, quantity, window, run->traffic.now, &range);
                long long count = subject->counted.counts[quantity][window];
                long long frees = subject->frees[quantity][window];
                CHECK(run, count >= range.least && count <= range.most,
                      "%s %.*s: %lld %s/%s, not %lld to %lld", subject_word(kind), (int)name.len,
                      name.data, count, quantity_word(quantity), window_word(window),
                      (long long)range.least, (long long)range.most);
                CHECK(run, (count == 0) == (frees == 0), "%lld counted, free in %lld s", count,
                      frees);
                CHECK(run, range.least == 0 || frees <= range.frees_most,
                      "%s %s/%s: free in %lld s, not %lld", subject_word(kind),
                      quantity_word(quantity), window_word(window), frees,
                      (long long)range.frees_most);
            }
    }
}

static void check_standing(const struct run *run, const struct made *made)
{
    enum login_state is = made->request.answer.standing.state;
    if (!run->clock_is_true)
        return; /* what had run out may hold again, or not */
    enum login_state said =
        model_standing(run->model, made->request.who.names[SUBJECT_LOGIN], run->traffic.now);
    CHECK(run, is == said, "%s is %s, not %s", made->names[SUBJECT_LOGIN], login_state_word(is),
          login_state_word(said));
}

static void check_habit(const struct run *run, const struct made *made)
{
    const struct habit *habit = &made->request.answer.habit;
    int64_t messages = model_messages(run->model, made->request.who.names[SUBJECT_LOGIN]);
    CHECK(run, (habit->since == 0) == (messages == 0), "since %lld", (long long)habit->since);
    CHECK(run, habit->messages == messages, "%lld messages, not %lld", (long long)habit->messages,
          (long long)messages);
}

static void look(struct run *run)
{
    struct made made;
    traffic_request(&run->traffic, &made, LIMITS_LOOK);
    ask(run, &made);
    if (run->degraded)
        return;
    check_counts(run, &made, run->model);
    check_standing(run, &made);
    check_habit(run, &made);
}

static void charge(struct run *run)
{
    struct made made;
    traffic_charge(&run->traffic, &made);
    const struct limits_request *request = &made.request;
    ask(run, &made);
    if (run->degraded)
        return;
    check_counts(run, &made, run->model);
    check_standing(run, &made);
    check_habit(run, &made);
    if (request->answer.admitted) {
        CHECK(run, model_may_admit(run->model, request), "more than a limit was let through");
        model_count(run->model, request);
        run->admitted++;
        return;
    }
    const struct limits_bound *passed = &request->answer.passed;
    CHECK(run, !model_must_admit(run->model, request), "refused under all limits");
    CHECK(run, model_may_pass(run->model, request, passed),
          "%s %lld %s/%s was not passed by %lld more", subject_word(passed->subject),
          (long long)passed->limit.max, quantity_word(passed->limit.quantity),
          window_word(passed->limit.window), (long long)request->amounts[passed->limit.quantity]);
    run->refused++;
}

/* It isn't waited for, but what the same host asks later knows it. */
static void refused(struct run *run)
{
    struct made made;
    size_t host = any_host(run);
    traffic_request(&run->traffic, &made, LIMITS_REFUSED);
    made.request.amounts[QUANTITY_REFUSALS] = between(1, 3);
    ask_host(run, host, &made);
    if (run->degraded)
        return;
    model_count(run->model, &made.request);
    made.request.op = LIMITS_LOOK;
    ask_host(run, host, &made);
    if (!run->degraded)
        check_counts(run, &made, run->model);
}

static void known(struct run *run)
{
    struct made made;
    traffic_request(&run->traffic, &made, LIMITS_KNOWN);
    traffic_rcpts(&made, 1);
    ask(run, &made);
    if (run->degraded)
        return;
    int64_t first =
        model_known_since(run->model, made.request.who.names[SUBJECT_LOGIN], made.rcpt_list[0]);
    int64_t since = made.request.answer.rcpt_since;
    CHECK(run, (since == 0) == (first == 0), "%s: since %lld, not %lld", made.rcpts[0],
          (long long)since, (long long)first);
    CHECK(run, !run->clock_is_true || llabs(since - first) <= 86400, "%s: since %lld, not %lld",
          made.rcpts[0], (long long)since, (long long)first);
    check_standing(run, &made);
}

static void raise_login(struct run *run)
{
    struct made made;
    traffic_request(&run->traffic, &made, LIMITS_LOOK);
    size_t host = any_host(run);
    struct login_standing standing = {
        .state = chance(2) ? LOGIN_SLOWED : LOGIN_FROZEN,
        .since = run->traffic.now / 1000,
        .until = chance(8) ? run->traffic.now / 1000 + between(1, 20000) : 0,
        .cause = BYTES("many_networks.burst"),
    };
    if (standing.until == 0 && chance(4) > 0)
        return; /* else all would soon be frozen for good */
    limits_raise(run->place.hosts[host], made.request.who.names[SUBJECT_LOGIN], &standing);
    model_raise(run->model, made.request.who.names[SUBJECT_LOGIN], &standing, run->traffic.now);
    ask_host(run, host, &made);
    if (run->degraded)
        return;
    check_standing(run, &made);
    CHECK(run, strcmp(made.request.answer.cause, "many_networks.burst") == 0, "cause %s",
          made.request.answer.cause);
}

static void let_time_pass(struct run *run)
{
    static const int64_t gaps[] = {0, 5, 300, 2000, 20000, 400000, 4000000, 30000000};
    run->traffic.now += between(0, gaps[chance(run->hurry)]);
    if (run->clock_is_true || chance(100) > 0)
        return;
    if (chance(2)) {
        int64_t to = run->traffic.now - (between(0, 2000) << chance(20));
        model_set_back(run->model, run->traffic.now, to);
        run->traffic.now = to;
    } else {
        run->traffic.now += between(0, 2000) << chance(20);
    }
}

static void one_step(struct run *run)
{
    unsigned what = chance(100);
    let_time_pass(run);
    if (run->takes_time)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    if (what < 60)
        charge(run);
    else if (what < 75)
        look(run);
    else if (what < 88)
        known(run);
    else if (what < 97)
        refused(run);
    else if (what < 99)
        raise_login(run);
    else if (run->place.kind == PLACE_FILE && chance(4) == 0)
        place_reopen(&run->place);
}

/* Whoever comes back when he was told to finds that something has left its window. */
static void come_back_as_told(struct run *run)
{
    for (unsigned tries = 0; tries < 50 && !run->degraded && run->clock_is_true; tries++) {
        enum quantity quantity = chance(QUANTITY_COUNT);
        enum window window = chance(WINDOW_COUNT);
        struct made made;
        traffic_request(&run->traffic, &made, LIMITS_LOOK);
        place_ask(&run->place, 0, &made.request);
        struct counted_subject before = made.request.answer.subjects[SUBJECT_LOGIN];
        if (before.counted.counts[quantity][window] == 0)
            continue;
        made.request.who.now = run->traffic.now += before.frees[quantity][window] * 1000;
        place_ask(&run->place, 0, &made.request);
        run->degraded |= made.request.answer.degraded;
        long long after =
            made.request.answer.subjects[SUBJECT_LOGIN].counted.counts[quantity][window];
        CHECK(run, run->degraded || after < before.counted.counts[quantity][window],
              "%lld %s/%s are still there after %lld s", after, quantity_word(quantity),
              window_word(window), (long long)before.frees[quantity][window]);
    }
}

/* Whether it says anything: a fleet's store may be too slow for a moment on a busy machine. */
static bool one_run(uint64_t seed, enum place_kind kind, bool clock_is_true, bool takes_time)
{
    traffic_seed(seed);
    struct run run = {
        .seed = seed,
        .model = model_new(),
        .traffic = {(int64_t)seed + chance(1000), 1 + chance(TRAFFIC_NAMES), 1 << (2 + chance(8))},
        .hurry = 3 + chance(6),
        .clock_is_true = clock_is_true,
        .takes_time = takes_time,
    };
    place_open(&run.place, kind, kind == PLACE_FLEET ? 2 : 1);
    for (run.step = 0; run.step < STEPS && !run.degraded; run.step++)
        one_step(&run);
    come_back_as_told(&run);
    place_close(&run.place);
    model_free(run.model);
    return !run.degraded;
}

static void many_runs(enum place_kind kind, unsigned runs, bool clock_is_true, bool takes_time)
{
    if (!place_is_there(kind)) {
        print_message("# there is no redis-server here\n");
        return;
    }
    const char *wanted = getenv("SUBMILTER_SEED");
    uint64_t seed = wanted ? strtoull(wanted, NULL, 10) : (uint64_t)time(NULL) * 1000;
    const char *more = getenv("SUBMILTER_RUNS");
    runs = wanted ? 1 : more ? (unsigned)strtoul(more, NULL, 10) : runs;
    time_t until = time(NULL) + PATIENCE;
    unsigned done = 0, whole = 0;
    for (; done < runs || (!wanted && whole < (runs + 1) / 2 && time(NULL) < until); done++)
        whole += one_run(seed + done, kind, clock_is_true, takes_time);
    print_message("# %u runs of %d requests from seed %llu, %u cut short\n", done, STEPS,
                  (unsigned long long)seed, done - whole);
    assert_true(wanted || whole >= (runs + 1) / 2);
}

static void test_in_memory(void **state)
{
    (void)state;
    many_runs(PLACE_MEMORY, 20, true, false);
}

static void test_in_memory_by_a_clock_that_jumps(void **state)
{
    (void)state;
    many_runs(PLACE_MEMORY, 20, false, false);
}

static void test_in_a_file_over_restarts(void **state)
{
    (void)state;
    many_runs(PLACE_FILE, 10, true, false);
    many_runs(PLACE_FILE, 1, true, true);
}

static void test_two_hosts_of_a_fleet(void **state)
{
    (void)state;
    many_runs(PLACE_FLEET, 5, true, false);
    many_runs(PLACE_FLEET, 3, false, false);
}

static int end(void **state)
{
    (void)state;
    places_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_memory),
        cmocka_unit_test(test_in_memory_by_a_clock_that_jumps),
        cmocka_unit_test(test_in_a_file_over_restarts),
        cmocka_unit_test(test_two_hosts_of_a_fleet),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
