/* The parts of an explanation, in their order. */
#include "ctl/explain/explain.h"

#include <stdlib.h>
#include <unistd.h>

#include "ctl/explain/advice.h"
#include "ctl/explain/circumstances.h"
#include "ctl/explain/counted.h"
#include "ctl/explain/edits.h"
#include "ctl/explain/signatures.h"
#include "ctl/explain/value.h"
#include "ctl/explain/verdicts.h"

void explain_print(const json_t *record, const struct in_force *settings, FILE *out)
{
    circumstances_print(record, out);
    counted_print(record, out);
    verdicts_print(record, out);
    edits_print(record, out);
    signatures_print(record, out);
    advice_print(record, out);
    in_force_print(settings, record, out);
}

bool explain_print_json(json_t *record, const struct in_force *settings, FILE *out)
{
    json_t *configuration = in_force_json(settings);
    json_t *both = json_pack("{s:O, s:o}", "record", record, "configuration", configuration);
    char *text = both ? json_dumps(both, JSON_COMPACT) : NULL;
    json_decref(both);
    if (!text)
        return false;
    if (isatty(fileno(out)))
        value_print(out, bytes_of(text));
    else
        fputs(text, out);
    fputc('\n', out);
    free(text);
    return true;
}
