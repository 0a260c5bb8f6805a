/* One POST over libcurl. */
#include "milter/alert_webhook.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "milter/clock.h"

#define CONNECT_SECONDS 5
#define ANSWER_BYTES_MAX ((size_t)1 << 20) /* of it nothing is read but how much it is */

bool alert_webhook_init(struct error *error)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ||
           error_set(error, "alerts: libcurl cannot be made ready");
}

void alert_webhook_done(void)
{
    curl_global_cleanup();
}

const char *alert_webhook_server(const char *url, char *room, size_t size)
{
    const char *host = strstr(url, "://");
    size_t scheme = host ? (size_t)(host - url) : 0;
    host = host ? host + 3 : url;
    size_t len = strcspn(host, "/?#");
    for (size_t i = len; i-- > 0;)
        if (host[i] == '@') { /* behind a password */
            host += i + 1;
            len -= i + 1;
            break;
        }
    snprintf(room, size, "%.*s://%.*s", (int)scheme, url, (int)len, host);
    return room;
}

/* Returns what libcurl takes for an error once it is too much. */
static size_t drop(char *data, size_t size, size_t count, void *context)
{
    size_t *seen = context;
    (void)data;
    *seen += size * count;
    return *seen > ANSWER_BYTES_MAX ? 0 : size * count;
}

/* libcurl asks at least once a second. */
static int look_at_clock(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                         curl_off_t up_now)
{
    (void)total, (void)now, (void)up_total, (void)up_now;
    const _Atomic int64_t *end_by = context;
    return clock_milliseconds() >= atomic_load(end_by);
}

static bool set_all(CURL *curl, const char *url, struct bytes json, struct curl_slist *fields,
                    _Atomic int64_t *end_by)
{
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "submilter/" PACKAGE_VERSION) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json.data) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)json.len) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ALERT_WEBHOOK_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_at_clock) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, end_by) == CURLE_OK;
}

static bool perform(CURL *curl, struct error *error)
{
    char reason[CURL_ERROR_SIZE] = "";
    size_t seen = 0;
    long status = 0;
    if (curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &seen) != CURLE_OK)
        return error_set(error, "libcurl does not take its settings");
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_set(error, "it had not answered when the daemon had to end");
    if (code != CURLE_OK)
        return error_set(error, "%s", reason[0] ? reason : curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return (status >= 200 && status < 300) || error_set(error, "it answered %ld", status);
}

bool alert_webhook_post(const char *url, struct bytes json, _Atomic int64_t *end_by,
                        struct error *error)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *fields = curl_slist_append(NULL, "Content-Type: application/json");
    bool posted = curl && fields && set_all(curl, url, json, fields, end_by)
                      ? perform(curl, error)
                      : error_set(error, "out of memory, or libcurl does not take the address");
    curl_slist_free_all(fields);
    curl_easy_cleanup(curl);
    return posted;
}
