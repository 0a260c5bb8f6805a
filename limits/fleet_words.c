/* Telling Redis what an admin said of logins while it was gone. */
#include "limits/embedded_words.h"
#include "limits/fleet_greet.h"
#include "limits/fleet_private.h"

static bool tell(struct fleet *fleet, const struct embedded_word *word, int64_t patience,
                 struct error *error)
{
    struct redis_command command;
    struct redisReply *reply = NULL;
    bool ok = fleet_command_stand(&fleet->keys, word->login, &word->standing, FLEET_TELL,
                                  fleet_wall_clock() / 1000, word->said, &command)
                  ? fleet_call(fleet, &command, patience, &reply, error)
                  : error_set(error, "out of memory");
    redis_reply_free(reply);
    redis_command_done(&command);
    return ok;
}

bool fleet_tell_words(struct fleet *fleet, int64_t patience, struct error *error)
{
    struct embedded_word *words = embedded_words(fleet->own);
    bool ok = true;
    while (words && ok) {
        struct embedded_word *word = words;
        ok = tell(fleet, word, patience, error);
        if (!ok)
            break;
        words = word->next;
        fleet_raise_forget(fleet, word->login, word->standing.since);
        embedded_words_heard(fleet->own, word);
    }
    embedded_words_free(words);
    return ok;
}
