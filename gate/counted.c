/* Asking limits/ for a message. */
#include "gate/counted.h"

void counted_mail(struct message *message)
{
    (void)message;
}

void counted_rcpt(struct message *message)
{
    (void)message;
}

void counted_rcpt_accepted(struct message *message)
{
    (void)message;
}

void counted_header(struct message *message)
{
    (void)message;
}

void counted_settle(struct message *message)
{
    (void)message;
}

void counted_refusal(struct message *message)
{
    (void)message;
}

void counted_contain(struct message *message)
{
    (void)message;
}

void counted_done(struct message *message)
{
    (void)message;
}

void counted_refusal_by_mta(struct message *message)
{
    (void)message;
}
