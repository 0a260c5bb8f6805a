/* Collecting what the checks found. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/doctor/doctor.h"

const struct doctor_kind *doctor_kind(const char *id)
{
    for (size_t i = 0; doctor_checks[i]; i++)
        for (size_t k = 0; k < doctor_checks[i]->kind_count; k++)
            if (strcmp(doctor_checks[i]->kinds[k].id, id) == 0)
                return &doctor_checks[i]->kinds[k];
    return NULL;
}

/* Services that share a setting of main.cf share what is wrong with it. */
static bool is_known(const struct doctor *doctor, const char *id, const char *where,
                     const char *what)
{
    for (size_t i = 0; i < doctor->count; i++)
        if (strcmp(doctor->findings[i].kind->id, id) == 0 &&
            strcmp(doctor->findings[i].where, where) == 0 &&
            strcmp(doctor->findings[i].what, what) == 0)
            return true;
    return false;
}

/* "id" accepts it wherever it is, "id@where" in one place. */
static bool is_accepted(const struct doctor *doctor, const struct doctor_finding *finding)
{
    size_t len = strlen(finding->kind->id);
    for (size_t i = 0; i < doctor->accepted.count; i++) {
        const char *accepted = doctor->accepted.items[i];
        if (strncmp(accepted, finding->kind->id, len) == 0 &&
            (!accepted[len] ||
             (accepted[len] == '@' && strcmp(accepted + len + 1, finding->where) == 0)))
            return true;
    }
    return false;
}

static struct doctor_finding *add(struct doctor *doctor)
{
    if (doctor->count == doctor->room) {
        size_t room = doctor->room ? 2 * doctor->room : 32;
        struct doctor_finding *more = arena_alloc(doctor->arena, room * sizeof *more);
        if (!more)
            return NULL;
        if (doctor->count)
            memcpy(more, doctor->findings, doctor->count * sizeof *more);
        doctor->findings = more;
        doctor->room = room;
    }
    return &doctor->findings[doctor->count++];
}

/* Memory being out is remembered by the arena, and the command says so. */
static void find(struct doctor *doctor, const char *id, const char *where, struct mend mend,
                 const char *text)
{
    if (!text)
        return;
    struct doctor_finding *finding =
        is_known(doctor, id, where ? where : "", text) ? NULL : add(doctor);
    if (!finding)
        return;
    *finding = (struct doctor_finding){.kind = doctor_kind(id),
                                       .where = where ? where : "",
                                       .what = text,
                                       .mend = mend.text,
                                       .mend_is_sentence = mend.is_sentence};
    finding->accepted = is_accepted(doctor, finding);
}

void doctor_find(struct doctor *doctor, const char *id, const char *where, struct mend mend,
                 const char *what, ...)
{
    va_list args;
    va_start(args, what);
    find(doctor, id, where, mend, arena_vprintf(doctor->arena, what, args));
    va_end(args);
}

void doctor_cannot_look(struct doctor *doctor, const char *where, struct mend mend,
                        const char *what, ...)
{
    va_list args;
    va_start(args, what);
    find(doctor, "doctor.could-not-look", where, mend, arena_vprintf(doctor->arena, what, args));
    va_end(args);
}

size_t doctor_counted(const struct doctor *doctor, enum doctor_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < doctor->count; i++)
        count += !doctor->findings[i].accepted && doctor->findings[i].kind->severity == severity;
    return count;
}
