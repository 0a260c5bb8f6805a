/* Records of logins' habits, and the table that is proposed from them. */
#ifndef TESTS_UNIT_PROPOSAL_SCENE_H
#define TESTS_UNIT_PROPOSAL_SCENE_H

#include "ctl/propose/proposal.h"

#define LINES_MAX 2000

/* Records as they are collected, the settings, and what came of them. */
struct scene {
    char *lines[LINES_MAX];
    size_t line_count;
    struct settings *settings;
    struct senders *senders;
    struct history *history;
    struct proposal proposal;
    char *table;
};

/* rows: of the table that there is; NULL: there is none. more: settings of the group senders. */
void scene_begin(struct scene *scene, const char *rows, const char *more);
void scene_end(struct scene *scene);

/* One message on that day of a November. Texts as JSON has them. address "": in the login's own
 * name. */
void scene_mail(struct scene *scene, int day, const char *login, const char *network,
                const char *address, int recipients);

/* One message as that address that a rule finds fault with otherwise; rule "": with a second author
 * and no fault. */
void scene_fault(struct scene *scene, int day, const char *login, const char *network,
                 const char *address, const char *rule, const char *reason);

/* Three weeks of it, beside mail in the login's own name; ten messages on one day from elsewhere.
 */
void scene_habit(struct scene *scene, const char *login, const char *address);
void scene_burst(struct scene *scene, const char *login, const char *address);

/* Fills in the proposal and the table. */
void scene_propose(struct scene *scene);

void scene_says(const struct scene *scene, const char *text);
void scene_says_not(const struct scene *scene, const char *text);

/* Lines of the table that are no comments. */
size_t scene_row_count(const struct scene *scene);

/* Today's tables with the proposed one before them. more: one behind them, or NULL. */
struct senders *scene_with_table(const struct scene *scene, const char *more);

bool scene_may(const struct senders *senders, const char *login, const char *address);

#endif
