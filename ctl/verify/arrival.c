/* Sink, mailbox or file. */
#include "ctl/verify/arrival.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verify/mail_folder.h"
#include "ctl/verify/probe_message.h"
#include "dkim/our_command.h"
#include "policy/shell.h"

#define MESSAGE_MAX ((size_t)4 << 20)

static bool arrived(const struct context *context, bool found, const struct error *error)
{
    if (found)
        checklist_pass(context->list, CHECK_ARRIVED, "with the token %s", context->token);
    else
        checklist_fail(context->list, CHECK_ARRIVED,
                       "see the mail log for what became of it (mailq), or wait longer "
                       "(--wait)",
                       "%s", error->text);
    return found;
}

bool arrival_wait(const struct context *context, struct sink *sink, time_t begun,
                  struct bytes *ret_text)
{
    const struct verify_options *options = context->options;
    const char *mark = probe_message_mark(PROBE_ALLOWED, context->token, context->arena);
    struct error error = {"out of memory"};
    if (sink)
        return arrived(context,
                       mark && sink_wait(sink, mark, context->sent, options->wait, context->arena,
                                         ret_text, &error),
                       &error);
    if (options->mailbox_path)
        return arrived(context,
                       mark && mail_folder_wait(options->mailbox_path, mark, begun, options->wait,
                                                context->arena, ret_text, &error),
                       &error);
    checklist_skip(context->list, CHECK_ARRIVED,
                   "nobody was told to look; save the message with the subject \"submilterctl "
                   "verify %s-allowed\" that %s gets, with its whole header, and go on with: "
                   "%s verify %s --message FILE",
                   context->token, options->to, our_command(), shell_word(options->address).text);
    return false;
}

static bool read_file(const char *path, struct arena *arena, struct bytes *ret_text,
                      struct error *error)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *in = standard ? stdin : fopen(path, "r");
    char *text = malloc(MESSAGE_MAX);
    size_t len = 0;
    errno = in ? 0 : errno;
    if (in && text)
        len = fread(text, 1, MESSAGE_MAX, in);
    bool read = in && text && !ferror(in) && len < MESSAGE_MAX;
    if (read)
        *ret_text = arena_bytes(arena, (struct bytes){text, len});
    else
        error_set(error, "--message: %s: %s", path,
                  errno ? strerror(errno) : "larger than any test message");
    if (in && !standard)
        fclose(in);
    free(text);
    return read;
}

bool arrival_read(const struct context *context, struct bytes *ret_text, struct bytes *ret_token)
{
    struct error error;
    *ret_text = (struct bytes){NULL, 0};
    bool read = read_file(context->options->message, context->arena, ret_text, &error);
    *ret_token = probe_message_token(*ret_text);
    if (!read)
        checklist_fail(context->list, CHECK_ARRIVED, "name a file that can be read", "%s",
                       error.text);
    else if (!ret_token->len)
        checklist_fail(context->list, CHECK_ARRIVED,
                       "save it with its whole header and its body as they are",
                       "this is no message that submilterctl verify sent to be allowed");
    else
        checklist_pass(context->list, CHECK_ARRIVED, "with the token %.*s", (int)ret_token->len,
                       ret_token->data);
    return read && ret_token->len;
}
