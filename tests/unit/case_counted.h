/* What a policy case says is counted, known and remembered of who sends. */
#ifndef TESTS_UNIT_CASE_COUNTED_H
#define TESTS_UNIT_CASE_COUNTED_H

#include "gate/message.h"
#include "tests/unit/case_file.h"

/* Whether it says anything of that; else nothing is counted. */
bool case_counted_is(const struct policy_case *one);

/* Before MAIL: counters, standing and habit. A line that makes no sense ends the test program. */
void case_counted_begin(const struct policy_case *one, struct message *message);

/* Before a recipient is asked about; and after it was accepted. */
void case_counted_rcpt(const struct policy_case *one, const char *rcpt, struct message *message);
void case_counted_accepted(struct message *message);

#endif
