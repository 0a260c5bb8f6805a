/* Judging policy cases by the gate that the daemon uses. */
#ifndef TESTS_CASE_JUDGE_H
#define TESTS_CASE_JUDGE_H

#include "gate/message.h"
#include "tests/unit/case_file.h"

extern char case_folder[]; /* configuration and keys */
extern char *case_srcdir;

/* Makes the folder and its keys; case_end removes it. */
bool case_begin(void);
void case_end(void);

/* The configuration that a case asks for, kept as long as cases ask for the same one. NULL: it does
 * not load, which is said on stdout. one NULL: lets go of it. */
struct snapshot *case_snapshot(const struct policy_case *one);

/* The message after its end, or after the command that was refused. The caller frees it. */
struct message *case_judge(const struct policy_case *one, struct snapshot *snapshot);

/* Calls back for each case of the files that are named, or of all of them. */
bool case_each(int argc, char **argv,
               void (*each)(const char *path, const struct policy_case *one));

#endif
