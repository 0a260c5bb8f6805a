/* Grants in words, and as JSON. */
#include "ctl/who/grant_text.h"

/* "any +extension or -extension (but not -request)" */
static const char *extension_text(struct arena *arena, struct bytes extensions)
{
    const char *text = "any";
    for (size_t i = 0; i < extensions.len && text; i++)
        text = arena_printf(arena, "%s%s %cextension", text, i ? " or" : "", extensions.data[i]);
    bool dash = bytes_find(extensions, '-') < extensions.len;
    return arena_printf(arena, "%s%s", text ? text : "", dash ? " (but not -request)" : "");
}

const char *grant_text_subject(struct arena *arena, const struct grant *grant)
{
    int len = (int)grant->address.len;
    const char *data = grant->address.data;
    switch (grant->scope) {
    case GRANT_ADDRESS:
        if (!grant->extensions.len)
            return arena_printf(arena, "%.*s", len, data);
        return arena_printf(arena, "%.*s, and with %s", len, data,
                            extension_text(arena, grant->extensions));
    case GRANT_EXTENSIONS:
        return arena_printf(arena, "%.*s with %s, and not without", len, data,
                            extension_text(arena, grant->extensions));
    case GRANT_DOMAIN:
        return arena_printf(arena, "any plain address at %.*s", len - 1, data + 1);
    case GRANT_PATTERN:
        break;
    }
    bool negated = data[0] == '!';
    return arena_printf(arena, "any plain address that %s %.*s%s%.*s%s%.*s",
                        negated ? "does not match" : "matches", len - negated, data + negated,
                        grant->where.len ? ", within if " : "", (int)grant->where.len,
                        grant->where.len ? grant->where.data : "", grant->result.len ? " for " : "",
                        (int)grant->result.len, grant->result.len ? grant->result.data : "");
}

struct bytes grant_text_place(struct bytes row, struct bytes shown)
{
    if (row.len > shown.len && row.data[row.len - shown.len - 1] == ' ' &&
        bytes_equal(bytes_slice(row, row.len - shown.len, row.len), shown))
        return bytes_slice(row, 0, row.len - shown.len - 1);
    return row;
}

void grant_text_json(struct json *json, const struct grant *grant)
{
    static const char *const scopes[] = {"address", "extensions", "domain", "pattern"};
    static const char *const states[] = {"holds",       "depends",  "hidden",
                                         "never-asked", "excepted", "unknown"};
    json_open(json, NULL, '{');
    json_text(json, "scope", scopes[grant->scope]);
    json_text(json, "state", states[grant->state]);
    json_bytes(json, grant->scope == GRANT_PATTERN ? "pattern" : "address", grant->address);
    if (grant->extensions.len)
        json_bytes(json, "extensions", grant->extensions);
    json_bytes(json, "row", grant->source);
    if (grant->by.len)
        json_bytes(json,
                   grant->state == GRANT_HIDDEN || grant->state == GRANT_EXCEPTED ? "by" : "why",
                   grant->by);
    if (grant->where.len)
        json_bytes(json, "within", grant->where);
    if (grant->result.len)
        json_bytes(json, "result", grant->result);
    json_close(json, '}');
}
