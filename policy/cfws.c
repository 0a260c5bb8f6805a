/* Stepping over what structured fields allow between their tokens. */
#include "policy/cfws.h"

#include <string.h>

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Behind the closing bracket of the comment that text begins with; text.len + 1 where none is. */
static size_t comment_end(struct bytes text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '(')
            depth++;
        else if (text.data[i] == ')' && --depth == 0)
            return i + 1;
    }
    return text.len + 1;
}

bool cfws_skip(struct bytes *rest)
{
    size_t at = 0;
    while (at < rest->len) {
        if (is_blank(rest->data[at])) {
            at++;
        } else if (rest->data[at] == '(') {
            at += comment_end(bytes_slice(*rest, at, rest->len));
            if (at > rest->len) {
                *rest = bytes_slice(*rest, rest->len, rest->len);
                return false;
            }
        } else {
            break;
        }
    }
    *rest = bytes_slice(*rest, at, rest->len);
    return true;
}

struct bytes cfws_take_token(struct bytes *rest, const char *stop)
{
    size_t at = 0;
    while (at < rest->len) {
        char byte = rest->data[at];
        if (is_blank(byte) || byte == '(' || byte == ')' || byte == '"' ||
            (byte && strchr(stop, byte)))
            break;
        at++;
    }
    struct bytes token = bytes_slice(*rest, 0, at);
    *rest = bytes_slice(*rest, at, rest->len);
    return token;
}

bool cfws_take_quoted(struct bytes *rest, struct bytes *ret_inside)
{
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->data[i] == '\\') {
            i++;
        } else if (rest->data[i] == '"') {
            *ret_inside = bytes_slice(*rest, 1, i);
            *rest = bytes_slice(*rest, i + 1, rest->len);
            return true;
        }
    }
    return false;
}
