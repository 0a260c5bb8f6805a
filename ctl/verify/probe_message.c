/* Writing probe messages. */
#include "ctl/verify/probe_message.h"

#define MARK_BEGINS "end of test "
#define FORGED_SAYS "It was sent with a forged Authentication-Results field."
#define ALLOWED_ENDS "-allowed"

static const char *const kinds[] = {
    [PROBE_ALLOWED] = "allowed",           [PROBE_SPOOFED_FROM] = "spoofed-from",
    [PROBE_TWO_FROM] = "two-from",         [PROBE_HIDDEN_BREAK] = "hidden-break",
    [PROBE_FORGED_TRUST] = "forged-trust",
};

const char *probe_message_mark(enum probe_kind kind, const char *token, struct arena *arena)
{
    return arena_printf(arena, MARK_BEGINS "%s-%s", token, kinds[kind]);
}

static const char *from_fields(const struct probe *probe, struct arena *arena)
{
    if (probe->kind == PROBE_TWO_FROM)
        return arena_printf(arena, "From: %s\r\nFrom: %s\r\n", probe->from, probe->spoof);
    return arena_printf(arena, "From: %s\r\n",
                        probe->kind == PROBE_SPOOFED_FROM ? probe->spoof : probe->from);
}

static const char *forged_field(const struct probe *probe, struct arena *arena)
{
    if (!probe->authserv)
        return "";
    return arena_printf(arena,
                        "Authentication-Results: %s (forged by submilterctl verify %s);\r\n"
                        "\tdkim=pass header.d=example.net\r\n",
                        probe->authserv, probe->token);
}

static const char *hidden_break(const struct probe *probe)
{
    return probe->kind == PROBE_HIDDEN_BREAK
               ? " =?utf-8?Q?=0D=0AX-Submilterctl-Verify=3A_smuggled?="
               : "";
}

const char *probe_message(const struct probe *probe, struct arena *arena)
{
    const char *from = from_fields(probe, arena);
    const char *forged = forged_field(probe, arena);
    const char *mark = probe_message_mark(probe->kind, probe->token, arena);
    if (!from || !forged || !mark)
        return NULL;
    return arena_printf(
        arena,
        "%s%sTo: %s\r\nSubject: submilterctl verify %s-%s%s\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\nAuto-Submitted: auto-generated\r\n\r\n"
        "This is a test by submilterctl verify, which an administrator of your mail\r\n"
        "server has run. %s%s\r\n\r\n%s\r\n",
        forged, from, probe->to, probe->token, kinds[probe->kind], hidden_break(probe),
        probe->kind == PROBE_ALLOWED
            ? "There is nothing to do."
            : "It ought to have been refused: please tell them that it was not.",
        probe->authserv ? "\r\n" FORGED_SAYS : "", mark);
}

bool probe_message_was_forged(struct bytes text)
{
    return bytes_find_nocase(text, BYTES(FORGED_SAYS)) < text.len;
}

static bool is_token(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!(text.data[i] >= '0' && text.data[i] <= '9') &&
            !(text.data[i] >= 'a' && text.data[i] <= 'f'))
            return false;
    return text.len == PROBE_TOKEN_LEN;
}

struct bytes probe_message_token(struct bytes text)
{
    for (;;) {
        size_t at = bytes_find_nocase(text, BYTES(MARK_BEGINS));
        if (at == text.len)
            return (struct bytes){NULL, 0};
        text = bytes_slice(text, at + sizeof MARK_BEGINS - 1, text.len);
        struct bytes token = bytes_slice(text, 0, PROBE_TOKEN_LEN);
        if (is_token(token) &&
            bytes_start_with_nocase(bytes_slice(text, token.len, text.len), BYTES(ALLOWED_ENDS)))
            return token;
    }
}
