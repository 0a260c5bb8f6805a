/* Telling ids, queue ids and files apart. */
#include "ctl/explain/asked.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#define TIME_DIGITS 10
#define ID_SLIP 5 /* characters lost or doubled: what differs more is no id */

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The digit that is meant: people read O for 0, and I and L for 1. '\0': none of them. */
static char digit_of(char character)
{
    char upper = (char)toupper((unsigned char)character);
    if (upper == 'O')
        return '0';
    if (upper == 'I' || upper == 'L')
        return '1';
    return upper && strchr(digits, upper) ? upper : '\0';
}

static bool is_word(char character)
{
    return isalnum((unsigned char)character);
}

static bool read_id(struct bytes word, char ret_id[DECISION_ID_LEN + 1])
{
    if (word.len != DECISION_ID_LEN)
        return false;
    for (size_t i = 0; i < DECISION_ID_LEN; i++) {
        ret_id[i] = digit_of(word.data[i]);
        if (!ret_id[i])
            return false;
    }
    ret_id[DECISION_ID_LEN] = '\0';
    return ret_id[0] <= '7';
}

bool asked_find_id(struct bytes text, char ret_id[DECISION_ID_LEN + 1], size_t *ret_end)
{
    for (size_t start = 0; start < text.len;) {
        size_t end = start;
        while (end < text.len && is_word(text.data[end]))
            end++;
        *ret_end = end;
        if (read_id(bytes_slice(text, start, end), ret_id))
            return true;
        start = end + 1;
    }
    *ret_end = text.len;
    return false;
}

/* From start on, taking blanks for nothing; *ret_end: behind it. */
static bool read_broken_id(struct bytes text, size_t start, char ret_id[DECISION_ID_LEN + 1],
                           size_t *ret_end)
{
    char word[DECISION_ID_LEN];
    size_t len = 0, at = start;
    for (; at < text.len && len < DECISION_ID_LEN; at++) {
        if (is_word(text.data[at]))
            word[len++] = text.data[at];
        else if (!isspace((unsigned char)text.data[at]))
            return false;
    }
    *ret_end = at;
    return (at == text.len || !is_word(text.data[at])) &&
           read_id((struct bytes){word, len}, ret_id);
}

bool asked_find_broken_id(struct bytes text, char ret_id[DECISION_ID_LEN + 1], size_t *ret_end)
{
    for (size_t at = 0; at < text.len; at++) {
        bool begins = at == 0 || !is_word(text.data[at - 1]);
        /* Words that happen to be as long together begin otherwise. */
        if (begins && text.data[at] == '0' && read_broken_id(text, at, ret_id, ret_end))
            return true;
    }
    *ret_end = text.len;
    return false;
}

size_t asked_id_length(struct bytes text)
{
    for (size_t start = 0; start < text.len; start++) {
        size_t len = 0;
        for (size_t at = start; at < text.len; at++) {
            if (digit_of(text.data[at]))
                len++;
            else if (!isspace((unsigned char)text.data[at]))
                break;
        }
        bool begins = text.data[start] == '0' && (start == 0 || !is_word(text.data[start - 1]));
        if (begins && len >= DECISION_ID_LEN - ID_SLIP && len <= DECISION_ID_LEN + ID_SLIP)
            return len;
    }
    return 0;
}

/* As it stands in a log: "4XyZ7D1mBnz9sQ:". */
static const char *queue_id_of(char *text)
{
    while (*text == ' ' || *text == '[')
        text++;
    for (size_t len = strlen(text); len && strchr(": ]", text[len - 1]); len--)
        text[len - 1] = '\0';
    return text;
}

void asked_read(char *text, struct asked *ret_asked)
{
    struct stat status;
    struct bytes bytes = bytes_of(text);
    size_t end;
    *ret_asked = (struct asked){.kind = ASKED_ID, .text = text};
    if (read_id(bytes, ret_asked->id))
        return;
    if (strcmp(text, "-") == 0 || stat(text, &status) == 0)
        ret_asked->kind = ASKED_FILE;
    else if (asked_find_id(bytes, ret_asked->id, &end) ||
             asked_find_broken_id(bytes, ret_asked->id, &end))
        ret_asked->kind = ASKED_ID;
    else if (strchr(text, '/'))
        ret_asked->kind = ASKED_FILE;
    else
        *ret_asked = (struct asked){.kind = ASKED_QUEUE_ID, .text = queue_id_of(text)};
}

int64_t asked_time_of(const char *id)
{
    int64_t time = 0;
    for (size_t i = 0; i < TIME_DIGITS; i++)
        time = time * 32 + (strchr(digits, id[i]) - digits);
    return time;
}
