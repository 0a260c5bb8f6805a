/* submilterctl setup postfix. */
#include "ctl/setup/setup.h"

static bool propose(const struct setup_options *options, struct plan *plan, struct error *error)
{
    (void)options;
    return plan_good(plan, error);
}

static bool after_undo(const struct setup_options *options, struct plan *plan, struct error *error)
{
    (void)options;
    return plan_good(plan, error);
}

const struct setup_kind setup_postfix = {
    .name = "postfix",
    .place_option = "postfix-config",
    .propose = propose,
    .after_undo = after_undo,
};
