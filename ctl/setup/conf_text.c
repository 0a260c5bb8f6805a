/* Writing a submilter.conf. */
#include "ctl/setup/conf_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/observe.h"
#include "conf/quote.h"

static void write_list(FILE *out, const struct texts *list, bool quoted)
{
    fputs("[", out);
    for (size_t i = 0; i < list->count; i++) {
        fputs(i ? ", " : " ", out);
        if (quoted)
            quote_write(out, list->items[i]);
        else
            fputs(list->items[i], out);
    }
    fputs(" ]", out);
}

static void write_text(FILE *out, const char *key, const char *value)
{
    fprintf(out, "%s = ", key);
    quote_write(out, value);
    fputs(";\n", out);
}

static void write_listeners(FILE *out, const struct conf_text *conf)
{
    fputs("# The first that matches holds; who has logged in is submission wherever it came in.\n"
          "listeners: (\n",
          out);
    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct conf_text_listener *listener = &conf->listeners[i];
        if (listener->why)
            fprintf(out, "  # %s\n", listener->why);
        fputs("  { name = ", out);
        quote_write(out, listener->name);
        if (listener->ports.count) {
            fputs("; ports = ", out);
            write_list(out, &listener->ports, false);
        }
        if (listener->clients.count) {
            fputs("; clients = ", out);
            write_list(out, &listener->clients, true);
        }
        if (listener->no_login)
            fputs("; login = false", out);
        fputs("; policy = ", out);
        quote_write(out, listener->policy);
        fputs(i + 1 < conf->listener_count ? "; },\n" : "; }\n", out);
    }
    fputs(");\n\n", out);
}

static void write_policies(FILE *out, const struct conf_text *conf)
{
    if (!conf->relays && conf->signs)
        return;
    fputs("policies: {\n", out);
    if (conf->relays)
        fputs(
            "  # Machines that may relay without a login. What they send as is watched, also with\n"
            "  # --enforce: write \"enforce\" once the records show that they send as your domains "
            "only.\n"
            "  relay: {\n"
            "    base = \"submission\";\n"
            "    tls: { mode = \"off\"; };\n"
            "    auth: { mode = \"off\"; };\n"
            "    envelope: { mode = \"off\"; };\n"
            "    recipients: { mode = \"off\"; };\n"
            "    from: { mode = \"observe\"; owner = \"domains\"; };\n"
            "    sender: { mode = \"off\"; };\n",
            out);
    if (conf->relays && !conf->signs)
        fputs("    dkim: { mode = \"off\"; };\n", out);
    if (conf->relays)
        fputs("  };\n", out);
    if (!conf->signs)
        fputs("  # Another milter or filter signs already.\n"
              "  submission: { dkim: { mode = \"off\"; }; };\n"
              "  local: { dkim: { mode = \"off\"; }; };\n",
              out);
    fputs("};\n\n", out);
}

static void write_senders(FILE *out, const struct conf_text *conf)
{
    bool extends = *conf->recipient_delimiter != '\0';
    fputs("# Who may use an address.\nsenders: {\n", out);
    if (conf->tables.count) {
        fputs("  tables = ", out);
        write_list(out, &conf->tables, true);
        fputs(";\n", out);
    } else {
        fputs("  # Without a table a login owns the address that it equals.\n", out);
    }
    fprintf(out, "  extensions = %s;\n", extends ? "true" : "false");
    if (extends) {
        fputs("  ", out);
        write_text(out, "recipient_delimiter", conf->recipient_delimiter);
    }
    fputs("};\n\n", out);
}

static void write_main(FILE *out, const struct conf_text *conf)
{
    fprintf(out,
            "# Made by submilterctl setup %s; yours from now on. Every key there is:\n"
            "# submilterctl conf --defaults. What holds, and from where: submilterctl conf.\n\n"
            "domains = ",
            conf->mta);
    write_list(out, &conf->domains, true);
    fputs(";\n", out);
    if (conf->authserv_ids.count) {
        fputs("authserv_ids = ", out);
        write_list(out, &conf->authserv_ids, true);
        fputs(";\n", out);
    }
    fputs("\n", out);
    write_text(out, "socket", conf->socket);
    write_text(out, "socket_group", conf->socket_group ? conf->socket_group : "");
    write_text(out, "user", conf->user);
    fputs("\n", out);
    write_listeners(out, conf);
    write_senders(out, conf);
    write_policies(out, conf);
    fputs("dkim: { keys = ", out);
    quote_write(out, conf->keys);
    fputs("; };\nlog: { json = ", out);
    quote_write(out, conf->records);
    fputs("; };\nhistory: { file = ", out);
    quote_write(out, conf->history);
    fputs("; };\n", out);
    if (conf->counters) {
        fputs("counters: { file = ", out);
        quote_write(out, conf->counters);
        fputs("; };\n", out);
    }
}

/* What was written to out is in data. Closes out. NULL when memory is out. */
static const char *kept(struct arena *arena, FILE *out, char **data, const size_t *len)
{
    bool good = !ferror(out);
    good = fclose(out) == 0 && good;
    const char *text = good ? arena_text(arena, (struct bytes){*data, *len}) : NULL;
    free(*data);
    return text;
}

const char *conf_text_main(struct arena *arena, const struct conf_text *conf)
{
    char *data = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&data, &len);
    if (!out)
        return NULL;
    write_main(out, conf);
    return kept(arena, out, &data, &len);
}

const char *conf_text_observe(struct arena *arena, const char *mta, const struct settings *settings)
{
    char *data = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&data, &len);
    if (!out)
        return NULL;
    fprintf(
        out,
        "# Made by submilterctl setup %s: rules are judged and recorded as \"would have\", and\n"
        "# nothing is refused. submilterctl observed shows whom they would have refused,\n"
        "# submilterctl enforce RULE has one of them refuse, submilterctl setup %s --enforce "
        "all.\n\n",
        mta, mta);
    observe_write(settings, out);
    return kept(arena, out, &data, &len);
}
