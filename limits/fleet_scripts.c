/* Giving Redis the scripts. */
#include "limits/fleet_scripts.h"

#include <stdlib.h>
#include <string.h>

#include "limits/fleet_script_texts.h"
#include "limits/redis_command.h"

/* What each is made of, NULL at the end. */
static const char *const *const parts[FLEET_SCRIPT_COUNT][3] = {
    [FLEET_LOOK] = {script_common, script_habit, script_look},
    [FLEET_KNOWN] = {script_common, script_known},
    [FLEET_CHARGE] = {script_common, script_habit, script_charge},
    [FLEET_REFUSED] = {script_common, script_refused},
    [FLEET_SETTLE] = {script_common, script_settle},
    [FLEET_STAND] = {script_common, script_stand},
    [FLEET_LEARN] = {script_common, script_learn},
    [FLEET_BEAT] = {script_common, script_beat},
    [FLEET_PEEK] = {script_common, script_peek},
};

/* To be freed; NULL: no memory. */
static char *text_of(enum fleet_script script)
{
    size_t len = 0;
    for (int pass = 0; pass < 3 && parts[script][pass]; pass++)
        for (const char *const *line = parts[script][pass]; *line; line++)
            len += strlen(*line);
    char *text = malloc(len + 1), *to = text;
    if (!text)
        return NULL;
    for (int pass = 0; pass < 3 && parts[script][pass]; pass++)
        for (const char *const *line = parts[script][pass]; *line; line++)
            to = stpcpy(to, *line);
    return text;
}

static bool load(struct redis *redis, enum fleet_script script, int64_t deadline,
                 char sha[FLEET_SHA_LEN + 1], struct error *error)
{
    struct redis_command command = {0};
    struct redisReply *reply = NULL;
    char *text = text_of(script);
    bool ok = false;
    if (!text)
        return error_set(error, "out of memory");
    redis_command_text(&command, "SCRIPT");
    redis_command_text(&command, "LOAD");
    redis_command_text(&command, text);
    free(text);
    if (!redis_command_end(&command)) {
        error_set(error, "out of memory");
        goto out;
    }
    struct bytes bytes = redis_command_bytes(&command);
    if (!redis_ask(redis, bytes.data, bytes.len, deadline, &reply, error))
        goto out;
    struct bytes answer = redis_reply_bytes(reply);
    if (answer.len != FLEET_SHA_LEN) {
        error_set(error, "SCRIPT LOAD was not answered as Redis does");
        goto out;
    }
    memcpy(sha, answer.data, FLEET_SHA_LEN);
    sha[FLEET_SHA_LEN] = '\0';
    ok = true;
out:
    redis_reply_free(reply);
    redis_command_done(&command);
    return ok;
}

bool fleet_scripts_load(struct redis *redis, int64_t deadline, struct fleet_shas *ret_shas,
                        struct error *error)
{
    for (int i = 0; i < FLEET_SCRIPT_COUNT; i++)
        if (!load(redis, (enum fleet_script)i, deadline, ret_shas->text[i], error))
            return false;
    return true;
}
