/* Building records, asking for a proposal, loading it. */
#include "tests/unit/proposal_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/conf_load.h"
#include "tests/unit/history_fixture.h"

static struct senders *open_senders(const struct settings *settings, const char *const *tables,
                                    size_t count)
{
    struct senders *senders;
    struct error error;
    const struct senders_options options = {
        .tables = {tables, count},
        .extensions = settings->senders.extensions,
        .recipient_delimiter = settings->senders.recipient_delimiter,
        .case_sensitive_local = settings->senders.case_sensitive_local,
        .site = &settings->site,
    };
    if (!senders_open(&options, &senders, &error))
        fail_msg("%s", error.text);
    return senders;
}

void scene_begin(struct scene *scene, const char *rows, const char *more)
{
    char text[1000];
    *scene = (struct scene){0};
    const char *path = fixture_path("senders");
    if (rows)
        fixture_write(path, &rows, 1);
    snprintf(text, sizeof text,
             "domains = [ \"example.com\", \"example.org\" ];\n"
             "senders: { tables = [ %s%s%s ]; %s };\n",
             rows ? "\"texthash:" : "", rows ? path : "", rows ? "\"" : "", more);
    scene->settings = conf_load(text);
    scene->senders = open_senders(scene->settings, scene->settings->senders.tables.items,
                                  scene->settings->senders.tables.count);
}

void scene_mail(struct scene *scene, int day, const char *login, const char *network,
                const char *address, int recipients)
{
    char id[30], time[40], keys[3000];
    assert_true(scene->line_count < LINES_MAX);
    snprintf(id, sizeof id, "%026zu", scene->line_count);
    snprintf(time, sizeof time, "2026-11-%02dT10:%02zu:00.000Z", day, scene->line_count % 60);
    snprintf(keys, sizeof keys,
             "\"login\":\"%s\",\"client\":\"%s\",\"rcpt_count\":%d,"
             "\"verdicts\":[{\"rule\":\"from\",\"outcome\":\"%s\",\"mode\":\"observe\","
             "\"reason\":\"not-owned\",\"action\":\"reject\",\"fact\":\"%s\"}],"
             "\"identities\":[{\"kind\":\"mail_from\",\"address\":\"%s\",\"ownership\":\"%s\"},"
             "{\"kind\":\"from\",\"address\":\"%s\",\"ownership\":\"%s\"},"
             "{\"kind\":\"display_name\",\"address\":\"shown@example.com\","
             "\"ownership\":\"denied\"}],",
             login, network, recipients, *address ? "violation" : "pass", address,
             *address ? address : "own@example.com", *address ? "denied" : "granted",
             *address ? address : "own@example.com", *address ? "denied" : "granted");
    scene->lines[scene->line_count++] = fixture_record(id, time, "accept", keys);
}

void scene_fault(struct scene *scene, int day, const char *login, const char *network,
                 const char *address, const char *rule, const char *reason)
{
    char id[30], time[40], keys[3000];
    assert_true(scene->line_count < LINES_MAX);
    snprintf(id, sizeof id, "%026zu", scene->line_count);
    snprintf(time, sizeof time, "2026-11-%02dT10:%02zu:00.000Z", day, scene->line_count % 60);
    snprintf(
        keys, sizeof keys,
        "\"login\":\"%s\",\"client\":\"%s\",\"rcpt_count\":1,"
        "\"verdicts\":[{\"rule\":\"envelope\",\"outcome\":\"violation\",\"mode\":"
        "\"observe\",\"reason\":\"not-owned\",\"action\":\"reject\",\"fact\":\"%s\"},"
        "{\"rule\":\"%s\",\"outcome\":\"%s\",\"mode\":\"observe\","
        "\"reason\":\"%s\",\"action\":\"reject\"}],"
        "\"identities\":[{\"kind\":\"mail_from\",\"address\":\"%s\",\"ownership\":\"denied\"},"
        "{\"kind\":\"from\",\"address\":\"%s\",\"ownership\":\"denied\"}%s],",
        login, network, address, *rule ? rule : "from", *rule ? "violation" : "pass", reason,
        address, address,
        *rule ? ""
              : ",{\"kind\":\"from\",\"address\":\"own@example.com\",\"ownership\":\"granted\"}");
    scene->lines[scene->line_count++] = fixture_record(id, time, "accept", keys);
}

void scene_habit(struct scene *scene, const char *login, const char *address)
{
    for (int day = 1; day <= 20; day += 2) {
        scene_mail(scene, day, login, "192.0.2.7", "", 1);
        scene_mail(scene, day, login, "192.0.2.8", address, 1);
    }
}

void scene_burst(struct scene *scene, const char *login, const char *address)
{
    for (int i = 0; i < 10; i++)
        scene_mail(scene, 20, login, "203.0.113.9", address, 50);
}

void scene_propose(struct scene *scene)
{
    struct error error;
    size_t len;
    scene->history = fixture_history((const char *const *)scene->lines, scene->line_count);
    scene->proposal.settings = scene->settings;
    if (!proposal_make(&scene->proposal, scene->history, scene->senders, &error))
        fail_msg("%s", error.text);
    FILE *out = open_memstream(&scene->table, &len);
    assert_non_null(out);
    if (!proposal_write_table(&scene->proposal, out, &error))
        fail_msg("%s", error.text);
    assert_int_equal(fclose(out), 0);
}

void scene_end(struct scene *scene)
{
    proposal_done(&scene->proposal);
    history_close(scene->history);
    senders_free(scene->senders);
    settings_unref(scene->settings);
    for (size_t i = 0; i < scene->line_count; i++)
        free(scene->lines[i]);
    free(scene->table);
    fixture_done();
}

void scene_says(const struct scene *scene, const char *text)
{
    if (!strstr(scene->table, text))
        fail_msg("it does not say \"%s\":\n%s", text, scene->table);
}

void scene_says_not(const struct scene *scene, const char *text)
{
    if (strstr(scene->table, text))
        fail_msg("it says \"%s\":\n%s", text, scene->table);
}

size_t scene_row_count(const struct scene *scene)
{
    size_t count = 0;
    for (const char *at = scene->table; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : 0)
        count += *at != '#' && *at != '\n';
    return count;
}

struct senders *scene_with_table(const struct scene *scene, const char *more)
{
    char spec[300], today[300];
    const char *path = fixture_path("proposed");
    const char *const text = scene->table;
    fixture_write(path, &text, 1);
    snprintf(spec, sizeof spec, "texthash:%s", path);
    const char *tables[3] = {spec, NULL, NULL};
    size_t count = 1;
    if (scene->settings->senders.tables.count) {
        snprintf(today, sizeof today, "%s", scene->settings->senders.tables.items[0]);
        tables[count++] = today;
    }
    if (more)
        tables[count++] = more;
    return open_senders(scene->settings, tables, count);
}

bool scene_may(const struct senders *senders, const char *login, const char *address)
{
    struct arena *arena = arena_new(1 << 20);
    struct mailbox mailbox;
    struct bytes source;
    assert_true(address_parse_plain(arena, bytes_of(address), &mailbox));
    enum ownership ownership = senders_ask(senders, arena, bytes_of(login), &mailbox, &source);
    arena_free(arena);
    return ownership == OWNERSHIP_GRANTED;
}
