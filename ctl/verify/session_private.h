/* What a session is made of; for session.c and session_exchange.c only. */
#ifndef CTL_VERIFY_SESSION_PRIVATE_H
#define CTL_VERIFY_SESSION_PRIVATE_H

#include <curl/curl.h>

#include "ctl/verify/session.h"

struct session {
    CURL *curl;
    struct curl_slist *connect_to;
    long timeout;
    bool gone;
    bool silent;
    char error[CURL_ERROR_SIZE];
    struct smtp_reply_reader reader;
    struct session_facts facts;
};

#endif
