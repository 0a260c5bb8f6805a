/* What limits/ is asked for a message on its way, and what it answers, as facts.
 *
 * Nothing is asked where the session has no limits (submilterctl test, replay), and where no rule
 * of the policy that judges by counts is on: facts->limits is ABSENT then, or what a record tells.
 */
#ifndef GATE_COUNTED_H
#define GATE_COUNTED_H

#include "gate/message.h"

/* At MAIL, before its rules are asked: asks for counters, standing and habit, and takes the answer
 * where it is there already. */
void counted_mail(struct message *message);

/* At RCPT, before its rules are asked: takes what was asked at MAIL, asks about the recipient. */
void counted_rcpt(struct message *message);

/* A recipient was accepted: it counts among the message's. */
void counted_rcpt_accepted(struct message *message);

/* The header block is there: the From domain and the mail program are known. */
void counted_header(struct message *message);

/* Everything else says that it leaves: counts it, unless an enforced limit is passed or its login
 * is slowed or frozen, since now too (false). The rules that are asked at STAGE_SETTLE then see
 * what was there before it. */
MUST_CHECK bool counted_settle(struct message *message);

/* A command, a recipient or the message was refused by us: counted where its sender is at fault.
 * What a limit holds back is no refusal (else limits would make signs of theft), nor is what could
 * not be decided, nor what is to come again: one recipient too many. */
void counted_refusal(struct message *message);

/* The MTA itself refused a recipient. */
void counted_refusal_by_mta(struct message *message);

/* An enforced sign of theft was found: its login goes no further than it says, from now on. */
void counted_contain(struct message *message);

/* Collects what is still under way; idempotent. */
void counted_done(struct message *message);

#endif
