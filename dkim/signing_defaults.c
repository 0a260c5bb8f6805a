/* Which fields are signed unless the configuration says otherwise. */
#include "dkim/signer.h"

/* Everything that says who wrote, to whom, about what and how to read it (RFC 6376 5.4.1), what
 * marks lists (they may take these away: mail through a list has its own signature), and what
 * readers act on. Not Received, Return-Path, Delivered-To and Authentication-Results, which every
 * hop adds to, nor Bcc, which hops remove. */
const char *const signing_default_fields[] = {
    "From",
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Content-Description",
    "Content-Language",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Date",
    "Resent-Message-ID",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "Auto-Submitted",
    "Autocrypt",
    "Disposition-Notification-To",
    "Feedback-ID",
    "Importance",
    "Organization",
    "Precedence",
    "Priority",
    "Thread-Index",
    "Thread-Topic",
    "X-Priority",
    NULL,
};

/* Where a second one, or a first one where there was none, would change what people see or how
 * programs read the message. */
const char *const signing_default_oversign[] = {
    "From",
    "Sender",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "To",
    "Cc",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    NULL,
};
