/* Tells an admin that a login was contained, or that a limit holds mail back: by a line in the log
 * always, by alerts.command and alerts.webhook where they are set.
 *
 * In a thread of its own behind a bounded queue: mail never waits for it. The same who and why is
 * told once in alerts.every, by one host of a fleet (limits_claim). What could not be told is tried
 * again for some minutes. */
#ifndef MILTER_ALERT_H
#define MILTER_ALERT_H

#include "conf/settings.h"
#include "gate/message.h"

/* Before libmilter's threads, once counters are there; they are closed after alert_stop. */
MUST_CHECK bool alert_start(struct settings *settings, struct error *error);

/* What is told from now on goes where these say. */
void alert_use(struct settings *settings);

/* Looks at what became of a message so far, and has it told where it is worth that. To be asked
 * after each refusal and at the message's end; asking twice tells once. */
void alert_message(const struct message *message, struct bytes queue_id);

/* Tells what waits, for some seconds at most, and ends the thread and the program that it runs. */
void alert_stop(void);

#endif
